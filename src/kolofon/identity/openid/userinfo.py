"""OpenID Connect Core, section 5: what a client may know of the reader, by scope."""

from typing import Any

import msgspec

# Section 5.4: which scope gives which claims.
CLAIMS = {
    "profile": ("name", "given_name", "middle_name", "family_name"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
}


class KnownReader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a reader. Of several e-mail addresses or numbers the best: that of the sign-in, else a
    verified one, else the oldest.
    """

    unique_id: str
    first_name: str | None
    middle_name: str | None
    last_name: str | None
    email: str | None
    email_verified: bool | None
    phone_number: str | None
    phone_number_verified: bool | None


def userinfo_claims(reader: KnownReader, scope: str) -> dict[str, Any]:
    """The claims that a scope gives; what is not known is left out (section 5.3.2)."""
    names = [name for name in (reader.first_name, reader.middle_name, reader.last_name) if name]
    known = {
        "name": " ".join(names) or None,
        "given_name": reader.first_name,
        "middle_name": reader.middle_name,
        "family_name": reader.last_name,
        "email": reader.email,
        "email_verified": reader.email_verified,
        "phone_number": reader.phone_number,
        "phone_number_verified": reader.phone_number_verified,
    }
    given = [name for part, names in CLAIMS.items() if part in scope.split() for name in names]
    return {"sub": reader.unique_id} | {name: known[name] for name in given if known[name] is not None}
