"""What becomes of rows: the same in a dry run as in the import, and after each batch as after all at once."""

from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from kolofon.engine.customers.importing.checked import CheckedCredential, CheckedRow, CheckedUser, Reference
from kolofon.engine.customers.importing.rules import Account, Claim, Facts, Refused, Taken, decide
from kolofon.engine.customers.importing.tables import NOTHING

NUMBERS = range(1, 6)
CODES = ("A", "B")
TEXTS = ("x", "y", "z")
CREDENTIALS = tuple(f"{letter}@example.no" for letter in "abcdef")
ACCOUNTS = tuple(UUID(int=number) for number in range(1, 4))


class Database:
    """What there is: customers, whose references and accounts are, and what rows of the import hold."""

    def __init__(self, drawn: dict[str, Any]) -> None:
        self.customers: set[int] = set(drawn["customers"])
        self.merged = {number: 99 for number in drawn["merged"] if number not in self.customers}
        self.references: dict[tuple[str, str], int] = dict(drawn["references"])
        self.accounts: dict[str, Account] = {}
        for credential, number in drawn["accounts"].items():
            self.accounts[credential] = Account(
                ACCOUNTS[number], drawn["closed"] == number, drawn["proved"] != number, drawn["linked"].get(number)
            )
        self.claims: dict[Claim, int] = {}
        self.next_number = 1000

    def facts(self) -> Facts:
        return Facts(
            claims=dict(self.claims),
            customers=set(self.customers),
            merged=self.merged,
            references=dict(self.references),
            accounts=dict(self.accounts),
        )

    def put_down(self, taken: Taken, dry: bool) -> None:
        number = taken.customer_number
        claims = dict.fromkeys(taken.claims, taken.row.line)
        if not dry and not taken.is_known:
            number = number if number is not None else self.next_number
            self.next_number += 1
            self.customers.add(number)
            self.references |= {(one.code, one.external_id): number for one in taken.row.references}
            for user in taken.made:
                account = Account(UUID(user.unique_id), False, False, number)
                self.accounts |= {each.credential: account for each in user.credentials}
            for credential, account in self.accounts.items():
                if account.unique_id in taken.linked:
                    self.accounts[credential] = Account(account.unique_id, False, account.is_proved, number)
            claims = {
                (kind, str(number) if kind == "number" else value): line for (kind, value), line in claims.items()
            }
        self.claims |= claims


def run(drawn: dict[str, Any], rows: list[CheckedRow], dry: bool, batch: int) -> list[tuple[int, str, Any]]:
    database = Database(drawn)
    outcomes: list[tuple[int, str, Any]] = []
    for first in range(0, len(rows), batch):
        for outcome in decide(rows[first : first + batch], database.facts()):
            if isinstance(outcome, Refused):
                outcomes.append((outcome.row.line, "refused", outcome.problems))
                continue
            database.put_down(outcome, dry)
            known = "known" if outcome.is_known else "made"
            outcomes.append((outcome.row.line, known, (len(outcome.made), len(outcome.linked))))
    return outcomes


references = st.dictionaries(st.sampled_from(CODES), st.sampled_from(TEXTS), max_size=2)
users = st.lists(st.lists(st.sampled_from(CREDENTIALS), min_size=1, max_size=2, unique=True), max_size=2)
databases = st.fixed_dictionaries(
    {
        "customers": st.sets(st.sampled_from(NUMBERS)),
        "merged": st.sets(st.sampled_from(NUMBERS), max_size=2),
        "references": st.dictionaries(
            st.tuples(st.sampled_from(CODES), st.sampled_from(TEXTS)), st.sampled_from(NUMBERS), max_size=3
        ),
        "accounts": st.dictionaries(st.sampled_from(CREDENTIALS), st.integers(0, 2), max_size=4),
        "closed": st.integers(0, 3),
        "proved": st.integers(0, 3),
        "linked": st.dictionaries(st.integers(0, 2), st.sampled_from(NUMBERS), max_size=2),
    }
)


def made_row(line: int, number: int | None, told: dict[str, str], whose: list[list[str]]) -> CheckedRow:
    seen: set[str] = set()
    users = []
    for index, credentials in enumerate(whose):
        own = [each for each in credentials if each not in seen]
        seen |= set(own)
        if own:
            fields = [CheckedCredential(f"users[{index}].credentials[{n}]", each) for n, each in enumerate(own)]
            users.append(CheckedUser(fields, str(UUID(int=1000 * line + index)), "", []))
    return CheckedRow(line, number, [], [Reference(*each) for each in told.items()], users, NOTHING)


@settings(max_examples=1500, deadline=None)
@given(
    databases, st.booleans(), st.lists(st.tuples(st.sampled_from(NUMBERS), references, users), max_size=8), st.data()
)
def test_a_dry_run_tells_what_the_import_does(
    drawn: dict[str, Any], numbered: bool, told: list[Any], data: st.DataObject
) -> None:
    rows = [
        made_row(line, number if numbered else None, named or {"A": "x"}, whose)
        for line, (number, named, whose) in enumerate(told, 1)
    ]
    whole = run(drawn, rows, dry=False, batch=100)
    assert run(drawn, rows, dry=True, batch=data.draw(st.integers(1, 4))) == whole
    assert run(drawn, rows, dry=False, batch=data.draw(st.integers(1, 4))) == whole


@settings(max_examples=500, deadline=None)
@given(databases, st.booleans(), st.lists(st.tuples(st.sampled_from(NUMBERS), references, users), max_size=8))
def test_nothing_is_made_twice_and_what_was_taken_is_known_the_next_time(
    drawn: dict[str, Any], numbered: bool, told: list[Any]
) -> None:
    rows = [
        made_row(line, number if numbered else None, named or {"A": "x"}, whose)
        for line, (number, named, whose) in enumerate(told, 1)
    ]
    database = Database(drawn)
    made: list[int | None] = []
    taken_lines = set()
    for row in rows:
        [outcome] = decide([row], database.facts())
        if isinstance(outcome, Taken):
            taken_lines.add(row.line)
            made += [] if outcome.is_known else [outcome.customer_number]
            before = set(database.customers)
            database.put_down(outcome, dry=False)
            assert len(database.customers) == len(before) + (not outcome.is_known)
    database.claims.clear()
    again = decide([row for row in rows if row.line in taken_lines], database.facts())
    assert all(isinstance(outcome, Taken) and outcome.is_known for outcome in again)
