"""Credentials as people type them, and as they are stored."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from kolofon.platform.errors import InvalidRequest

EMAIL = "A"
PHONE = "B"
# The prefix in front of an external id; only AID is documented, the others follow its form.
EXTERNAL_PREFIXES = {
    "D": "AID",
    "E": "EGMONT",
    "H": "BYGGFORETAGEN",
    "I": "CORUSCANT",
    "L": "LRFMEDIA",
    "M": "MENTOR",
    "X": "EXTERNAL",
    "Z": "ZEPHR",
}
# The types as List user profile spells them.
CREDENTIAL_WORDS = {EMAIL: "email", PHONE: "phone"}
# The verification levels that say that a credential is its user's. Others only say that it was typed.
VERIFIED_LEVELS = ("verificationLink", "verificationCode", "externallyVerified")
BY_CODE = "verificationCode"
BY_LINK = "verificationLink"
BY_OTHERS = "externallyVerified"
_PREFIX_TYPES = {prefix: letter for letter, prefix in EXTERNAL_PREFIXES.items()}


def normalised_credential(text: str, region: str = "NO") -> tuple[str, str]:
    """The stored form of a credential and its type letter; raises InvalidRequest.

    An e-mail address in lower case, a phone number in E.164 (one without country code is of `region`), or an
    external identity with its prefix, which is case-sensitive after the colon.
    """
    text = text.strip()
    if "\0" in text:
        raise InvalidRequest("credential: holds a NUL character, which no text can hold")
    prefix, colon, external_id = text.partition(":")
    if colon and prefix in _PREFIX_TYPES and external_id:
        return text, _PREFIX_TYPES[prefix]
    if "@" in text:
        return _email(text), EMAIL
    return _phone(text, region), PHONE


def reachable_credential(text: str) -> str | None:
    """The stored form of a credential that a code can be sent to; None for any other, and for what is none."""
    try:
        credential, credential_type = normalised_credential(text)
    except InvalidRequest:
        return None
    return credential if credential_type in {EMAIL, PHONE} else None


def external_credential(credential_type: str, external_id: str) -> str:
    """The stored form of an external identity."""
    return f"{EXTERNAL_PREFIXES[credential_type]}:{external_id}"


def _email(text: str) -> str:
    try:
        # Whether a domain receives mail is found out by sending to it, not by asking the DNS while someone waits.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise InvalidRequest("credential: expected an e-mail address or a phone number") from None


def _phone(text: str, region: str) -> str:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidRequest("credential: expected an e-mail address or a phone number") from None
    if not phonenumbers.is_possible_number(number):
        raise InvalidRequest("credential: expected an e-mail address or a phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
