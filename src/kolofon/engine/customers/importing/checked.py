"""Rows that have been looked at, on their way from the processes that check to the one that writes."""

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.customers.importing.tables import Lines


class Terms(msgspec.Struct, frozen=True):
    """What rows are checked by. `trusting`: what was verified there counts as verified here."""

    partner: PartnerCatalogue
    columns: list[str]  # of a table; empty: the rows are JSON
    numbered: bool
    trusting: bool
    key: bytes  # that seals national identity numbers


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What another system calls the customer."""

    code: str
    external_id: str


class CheckedCredential(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A credential as it is stored. `field`: where it stands in the row."""

    field: str
    credential: str


class CheckedUser(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Somebody who signs in. The rest is for an account that is to be made: lines without time, which comes before."""

    credentials: list[CheckedCredential]
    unique_id: str
    account_line: str
    credential_lines: list[str]


class CheckedRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row as it will be stored, if nothing is wrong with it. `lines`: what is copied into the tables."""

    line: int
    customer_number: int | None
    problems: list[str]
    references: list[Reference]
    users: list[CheckedUser]
    lines: Lines

    @property
    def called(self) -> str | None:
        """What the row calls its customer."""
        if self.customer_number is not None:
            return str(self.customer_number)
        return f"{self.references[0].code} {self.references[0].external_id}" if self.references else None
