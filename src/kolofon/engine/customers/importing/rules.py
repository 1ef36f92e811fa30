"""What becomes of the rows of a batch, by what the database knows of what they hold. Nothing here asks it."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from kolofon.engine.customers.importing.checked import CheckedRow, CheckedUser, Reference

Kind = Literal["number", "reference", "credential", "account"]
Claim = tuple[Kind, str]


class Account(msgspec.Struct, frozen=True):
    """The account that a credential is of. `customer_number`: whom it is linked to at the partner.

    `is_proved`: nobody but the credential's owner can have a way into it.
    """

    unique_id: UUID
    is_closed: bool
    is_proved: bool
    customer_number: int | None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the database knows. `claims`: the lines of earlier rows that were taken, by what they hold."""

    claims: dict[Claim, int]
    customers: set[int]
    merged: dict[int, int]  # numbers that are gone, and where their customer went
    references: dict[tuple[str, str], int]
    accounts: dict[str, Account]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is taken. `is_known`: its customer was here before, and is left as it is."""

    row: CheckedRow
    is_known: bool
    customer_number: int | None  # None: it gets one
    made: list[CheckedUser]
    linked: list[UUID]
    claims: list[Claim]


class Refused(msgspec.Struct, frozen=True):
    """A row that is not taken, with every reason."""

    row: CheckedRow
    problems: list[str]


def asked_of(row: CheckedRow) -> list[Claim]:
    """What a row holds that no other may hold."""
    number: list[Claim] = [("number", str(row.customer_number))] if row.customer_number is not None else []
    references = [_reference(one) for one in row.references]
    credentials: list[Claim] = [("credential", one.credential) for user in row.users for one in user.credentials]
    return number + references + credentials


def _reference(one: Reference) -> Claim:
    return "reference", f"{one.code} {one.external_id}"


def decide(rows: Sequence[CheckedRow], facts: Facts) -> list[Taken | Refused]:
    """What becomes of each row, in their order: one that is taken keeps what it holds from those behind it."""
    claims = dict(facts.claims)
    decided = []
    for row in rows:
        outcome = _decide(row, facts, claims)
        if isinstance(outcome, Taken):
            claims.update(dict.fromkeys(outcome.claims, row.line))
        decided.append(outcome)
    return decided


def _decide(row: CheckedRow, facts: Facts, claims: dict[Claim, int]) -> Taken | Refused:
    problems = [*row.problems]
    number, is_known = _customer(row, facts, claims, problems)
    made: list[CheckedUser] = []
    linked: list[UUID] = []
    held = asked_of(row)
    _check_claims(row, held, claims, problems)
    if not is_known:
        for user in row.users:
            account = _account_of(user, facts, claims, problems)
            if account is None:
                made.append(user)
            elif account.unique_id in linked:
                problems.append(f"{user.credentials[0].field}: has the same account as another user of this row")
            else:
                linked.append(account.unique_id)
    if problems:
        return Refused(row, problems)
    if row.customer_number is None:
        # A number that is yet to be taken cannot be claimed; the line stands for it, so that rows can be counted.
        held.append(("number", str(number) if number is not None else f"line {row.line}"))
    held += [("account", unique_id.hex) for unique_id in linked]
    return Taken(row=row, is_known=is_known, customer_number=number, made=made, linked=linked, claims=held)


def _customer(row: CheckedRow, facts: Facts, claims: dict[Claim, int], problems: list[str]) -> tuple[int | None, bool]:
    """The customer's number, and whether there was one before: by its number, or else by its external references.

    What an earlier row of the file holds is looked for among the claims alone: a dry run knows it from there only.
    """
    number = row.customer_number
    owners = {
        one.code: facts.references[one.code, one.external_id]
        for one in row.references
        if (one.code, one.external_id) in facts.references and _reference(one) not in claims
    }
    if number is None:
        return _by_reference(set(owners.values()), claims, problems)
    if number in facts.merged:
        problems.append(f"customerNumber: the customer was merged into {facts.merged[number]}")
    if number in facts.customers and ("number", str(number)) not in claims:
        return number, True
    for code, owner in owners.items():
        problems.append(f"externalReferences.{code}: customer {owner} has it")
    return number, False


def _by_reference(owners: set[int], claims: dict[Claim, int], problems: list[str]) -> tuple[int | None, bool]:
    if len(owners) > 1:
        problems.append(f"externalReferences: they are of the customers {', '.join(map(str, sorted(owners)))}")
    for number in owners:
        line = claims.get(("number", str(number)))
        if line is not None:
            problems.append(f"externalReferences: they are of the same customer as those in line {line}")
    return (min(owners), True) if owners else (None, False)


def _check_claims(row: CheckedRow, held: list[Claim], claims: dict[Claim, int], problems: list[str]) -> None:
    for claim, field in zip(held, _fields(row), strict=True):
        line = claims.get(claim)
        if line is not None:
            problems.append(f"{field}: line {line} has it already")


def _fields(row: CheckedRow) -> list[str]:
    """Where what a row holds stands in it, in the order of `asked_of`."""
    number = ["customerNumber"] if row.customer_number is not None else []
    references = [f"externalReferences.{reference.code}" for reference in row.references]
    return number + references + [credential.field for user in row.users for credential in user.credentials]


def _account_of(user: CheckedUser, facts: Facts, claims: dict[Claim, int], problems: list[str]) -> Account | None:
    """The account that a user has already; None: one is to be made. It stays as it is, but for the link."""
    found = None
    for credential in user.credentials:
        account = facts.accounts.get(credential.credential)
        if account is None or ("credential", credential.credential) in claims:
            continue
        if found is not None and account.unique_id != found.unique_id:
            problems.append(f"{credential.field}: has another account than the credentials before it")
        elif account.is_closed:
            problems.append(f"{credential.field}: the account is closed")
        elif not account.is_proved:
            problems.append(f"{credential.field}: has an account that nobody has shown to be theirs yet")
        elif ("account", account.unique_id.hex) in claims:
            line = claims["account", account.unique_id.hex]
            problems.append(f"{credential.field}: has the same account as a user in line {line}")
        elif account.customer_number is not None:
            problems.append(f"{credential.field}: has an account that customer {account.customer_number} is linked to")
        found = account
    return found
