"""From a provider's claims to what is used of them: whom they vouch for, a name, and the profile that came along."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from kolofon.identity.external_sign_in.providers import Provider
from kolofon.platform.clock import epoch_milliseconds
from kolofon.platform.credentials import EMAIL, PHONE, normalised_credential
from kolofon.platform.errors import InvalidRequest

_LONGEST = 255
_LONGEST_NAME = 100
_MOST = 10
_ADDRESS_TYPES = {"work", "home", "other"}
# Which claims a scope brings. Vipps has its own names for the standard's.
_CLAIMS_OF = {
    "email": "email",
    "phone": "phone_number",
    "phoneNumber": "phone_number",
    "profile": "name",
    "name": "name",
    "address": "address",
    "birthDate": "birthdate",
}
# A value and what is said of it come from the same place, or one would vouch for the other's.
_TOGETHER = (("email", "email_verified"), ("phone_number", "phone_number_verified"))


class Vouched(msgspec.Struct, frozen=True):
    """A credential that a trusted provider vouches for, in its stored form."""

    credential: str
    credential_type: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told of its user. `info` has the shape of the profile's external info."""

    subject: str
    vouched: tuple[Vouched, ...]
    email: str  # to be proved; may be empty
    names: tuple[str | None, str | None, str | None]
    info: dict[str, Any]


def lacks_claims(provider: Provider, claims: Mapping[str, Any]) -> bool:
    """Whether more was asked for than an id_token brought."""
    return any(_CLAIMS_OF[scope] not in claims for scope in provider.scopes if scope in _CLAIMS_OF)


def merged(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of both; the signed ones count before the others."""
    claims = {**userinfo, **id_token}
    for names in _TOGETHER:
        source = id_token if names[0] in id_token else userinfo
        for name in names:
            claims.pop(name, None)
            if name in source:
                claims[name] = source[name]
    return claims


def read_told(provider: Provider, claims: Mapping[str, Any], user: Mapping[str, Any]) -> Told:
    """What is used of the claims; whatever has not the right form counts as not there.

    `user` is what Apple sends through the browser, once: a name that nobody vouches for.
    """
    email = _credential(claims.get("email"), EMAIL)
    phone = _credential(_international(claims.get("phone_number")), PHONE)
    vouched = []
    if email is not None and _vouches_for_email(provider, claims, email):
        vouched.append(Vouched(email, EMAIL))
    if phone is not None and _vouches_for_phone(provider, claims):
        vouched.append(Vouched(phone, PHONE))
    names = _names(claims, user)
    return Told(
        subject=claims["sub"],
        vouched=tuple(vouched),
        email=email or "",
        names=names,
        info=_info(claims, names, email, phone),
    )


def _vouches_for_email(provider: Provider, claims: Mapping[str, Any], email: str) -> bool:
    if not provider.trusts_email or not _is_true(claims.get("email_verified")):
        return False
    domains = provider.trusted_email_domains
    return domains is None or email.rpartition("@")[2] in domains


def _vouches_for_phone(provider: Provider, claims: Mapping[str, Any]) -> bool:
    return provider.trusts_phone and _is_true(claims.get("phone_number_verified", provider.phones_are_verified))


def _is_true(value: Any) -> bool:
    """Apple writes the truth as a text."""
    return value is True or value == "true"


def _credential(value: Any, wanted_type: str) -> str | None:
    text = _text(value)
    if text is None:
        return None
    try:
        credential, credential_type = normalised_credential(text)
    except InvalidRequest:
        return None
    return credential if credential_type == wanted_type and len(credential) <= _LONGEST else None


def _international(value: Any) -> str | None:
    """A number with its country code; without one it could be anybody's. Vipps leaves out the plus."""
    text = _text(value)
    if text is None:
        return None
    if text.startswith("+"):
        return text
    return f"+{text}" if text.isascii() and text.isdigit() and len(text) >= 10 and text[0] != "0" else None


def _text(value: Any, longest: int = _LONGEST) -> str | None:
    """A text that can be kept and shown."""
    if not isinstance(value, str):
        return None
    text = " ".join(value.split())
    return text if 1 <= len(text) <= longest and text.isprintable() else None


def _names(claims: Mapping[str, Any], user: Mapping[str, Any]) -> tuple[str | None, str | None, str | None]:
    """First, middle and last name."""
    from_apple = user.get("name")
    apple = from_apple if isinstance(from_apple, dict) else {}
    first = _text(claims.get("given_name"), _LONGEST_NAME) or _text(apple.get("firstName"), _LONGEST_NAME)
    last = _text(claims.get("family_name"), _LONGEST_NAME) or _text(apple.get("lastName"), _LONGEST_NAME)
    whole = _text(claims.get("name"), _LONGEST_NAME)
    if first is None and last is None and whole is not None:
        before, space, after = whole.rpartition(" ")
        first, last = (before, after) if space else (after, None)
    return first, _text(claims.get("middle_name"), _LONGEST_NAME), last


def _info(
    claims: Mapping[str, Any], names: tuple[str | None, str | None, str | None], email: str | None, phone: str | None
) -> dict[str, Any]:
    others = claims.get("other_addresses")  # Vipps
    addresses = [claims.get("address"), *(others[:_MOST] if isinstance(others, list) else [])]
    name = dict(zip(("firstName", "middleName", "lastName"), names, strict=True))
    return _present(
        {
            "birthDate": _birth_date(claims.get("birthdate")),
            "name": _present(name),
            "emails": [email] if email is not None else None,
            "phoneNumbers": [phone] if phone is not None else None,
            "addresses": [found for found in map(_address, addresses) if found],
        }
    )


def _birth_date(value: Any) -> int | None:
    text = _text(value)
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    # The year may be withheld, as 0000, which is no date.
    return epoch_milliseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _address(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    kind, country, postal_code = value.get("address_type"), _text(value.get("country")), value.get("postal_code")
    is_code = country is not None and len(country) == 2 and country.isascii() and country.isalpha()
    is_number = isinstance(postal_code, int) and not isinstance(postal_code, bool)
    found = _present(
        {
            "streetAddress": _text(value.get("street_address")),
            "postalCode": _text(str(postal_code) if is_number else postal_code),
            "postalPlace": _text(value.get("locality")) or _text(value.get("region")),
            "countryCode": country.upper() if is_code and country is not None else None,
        }
    )
    is_known = isinstance(kind, str) and kind in _ADDRESS_TYPES
    return ({"addressType": kind} if is_known else {}) | found if found else {}


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, {}, [])}
