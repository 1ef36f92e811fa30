"""OpenID Connect Core, section 5: what a client may know of the reader, by scope or claim by claim."""

from typing import Any

import msgspec

# Section 5.4: which scope gives which claims.
CLAIMS = {
    "profile": ("name", "given_name", "middle_name", "family_name"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
}


def read_wanted_claims(text: str | None) -> tuple[str, ...]:
    """The claims that a claims parameter asks the userinfo endpoint for (section 5.5), as far as there are such.

    They are given whatever the scope is. The parameter has been found readable before.
    """
    wanted = (msgspec.json.decode(text).get("userinfo") if text is not None else None) or {}
    return tuple(name for names in CLAIMS.values() for name in names if name in wanted)


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
    wanted_claims: list[str]


def userinfo_claims(reader: KnownReader, scope: str) -> dict[str, Any]:
    """The claims of a scope, and those that were wanted by name; what is not known is left out (section 5.3.2)."""
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
    given = {name for part, names in CLAIMS.items() if part in scope.split() for name in names}
    given |= set(reader.wanted_claims)
    return {"sub": reader.unique_id} | {n: value for n, value in known.items() if n in given and value is not None}
