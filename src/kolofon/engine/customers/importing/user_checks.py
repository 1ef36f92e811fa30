"""Who signs in as the customer of a row."""

from kolofon.engine.customers.checking import stored_credential
from kolofon.engine.customers.importing.checked import CheckedCredential, CheckedUser, Terms
from kolofon.engine.customers.importing.rows import ImportUser
from kolofon.engine.customers.importing.tables import line_of
from kolofon.platform.credentials import BY_OTHERS, EMAIL, PHONE, VERIFIED_LEVELS
from kolofon.platform.ids import new_uuid
from kolofon.platform.password_hash import checked_hash
from kolofon.platform.problems import Problems

NOT_VERIFIED = "notVerified"
_HASHES = "expected argon2, bcrypt, pbkdf2 or scrypt in a form and of a cost that docs/importing.md lists"


def checked_users(
    told: list[ImportUser],
    names: tuple[str | None, ...],
    emails: list[str],
    country: str,
    terms: Terms,
    problems: Problems,
) -> list[CheckedUser]:
    """Those who sign in as the customer; a credential is one user's. One alone is called as the customer is.

    `emails` are the customer's in their stored form, which need not be read again. (Some odd phone numbers would then
    be read as others.)
    """
    seen: set[str] = set()
    users = []
    for index, user in enumerate(told):
        where = f"users[{index}]"
        password_hash = (user.password_hash or "").strip() or None
        if password_hash is not None and checked_hash(password_hash) is None:
            problems.add(f"{where}.passwordHash", _HASHES)
        unique_id = str(new_uuid())
        called = names if len(told) == 1 else (None, None, None)
        made = CheckedUser([], unique_id, line_of((unique_id, password_hash, *called)), [])
        levels = [_level(credential.verification_level, terms) for credential in user.credentials]
        for place, credential in enumerate(user.credentials):
            # In the words of the file: it is told of again when the database knows more than the row does.
            field = f"credentials[{place}]" if terms.columns else f"{where}.credentials[{place}].credential"
            kind = EMAIL if "@" in credential.credential else PHONE
            text = credential.credential
            stored = text if text in emails else stored_credential(text, kind, country)
            if stored is None:
                problems.add(field, "expected an e-mail address or a phone number")
                continue
            if stored in seen:
                problems.add(field, "is there twice in this row")
            seen.add(stored)
            if BY_OTHERS in levels and levels[place] != BY_OTHERS:
                # By the code for it whoever it is of would get into the account of somebody who is known.
                continue
            made.credentials.append(CheckedCredential(field, stored))
            made.credential_lines.append(line_of((unique_id, stored, kind, levels[place])))
        users.append(made)
    return users


def _level(told: str | None, terms: Terms) -> str:
    """Another system's word that a credential is verified counts when whoever imports says so, and else not at all."""
    if told not in VERIFIED_LEVELS:
        return told or NOT_VERIFIED
    return BY_OTHERS if terms.trusting else NOT_VERIFIED
