"""Batches on their way into the database: each one transaction, two of them at once, done in the order of the file."""

import asyncio
from collections.abc import Sequence

import asyncpg
import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.engine.calls import partner_clock
from kolofon.engine.customers.importing import queries
from kolofon.engine.customers.importing.checked import CheckedRow
from kolofon.engine.customers.importing.queries import Import
from kolofon.engine.customers.importing.reading import FileError
from kolofon.engine.customers.importing.rules import Claim, Facts, Refused, Taken, asked_of, decide
from kolofon.engine.customers.importing.writing import Moment, NewCustomer, write_customers, write_progress
from kolofon.engine.customers.registering_queries import skip_taken_numbers
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection
from kolofon.platform.dates import day_of

_ATTEMPTS = 5


class _Undone(Exception):
    """The batch before has to be looked at anew, and so has this one, which went by what that one holds."""


# What others have done between the look and the writing.
_MEANWHILE = (
    asyncpg.UniqueViolationError,
    asyncpg.ForeignKeyViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    _Undone,
)


class Setting(msgspec.Struct, frozen=True):
    """What is the same for all batches of an import."""

    clock: Clock
    partner: PartnerCatalogue
    customer_import_id: int
    dry: bool

    def moment(self) -> Moment:
        """When a batch is written."""
        now = partner_clock(self.partner, self.clock).now()
        return Moment(now, day_of(now, self.partner.offers.time_zone), self.clock.now())


class BatchInFlight:
    """A batch that is being written; `task` gives how far the import has come with it.

    The one before it may still be written: what its rows hold is known from it. This one becomes true after it.
    """

    def __init__(
        self, connection: Connection, setting: Setting, rows: list[CheckedRow], before: "BatchInFlight | Import"
    ) -> None:
        self._connection = connection
        self._setting = setting
        self._rows = rows
        self._before = before
        self._claims: dict[Claim, int] = {}
        self._decided = asyncio.Event()
        self._undone = asyncio.Event()
        self.task = asyncio.create_task(self._write())

    async def _write(self) -> Import:
        try:
            for _ in range(_ATTEMPTS):
                try:
                    async with self._connection.transaction():
                        return await self._attempt()
                except _MEANWHILE as error:
                    # Its first line: the others tell what a row holds.
                    problem = str(error).partition("\n")[0]
                    self._undone.set()
                    if isinstance(self._before, BatchInFlight):
                        self._before = await self._before.task
            raise FileError(f"from line {self._rows[0].line} on: {problem}; start again to go on") from None
        finally:
            self._decided.set()

    async def _attempt(self) -> Import:
        held: dict[Claim, int] = {}
        if isinstance(self._before, BatchInFlight):
            await self._before._decided.wait()
            held = self._before._claims
        setting, connection = self._setting, self._connection
        await queries.write_later(connection)
        outcomes = decide(self._rows, await self._facts(held))
        refused = [each for each in outcomes if isinstance(each, Refused)]
        taken = [each for each in outcomes if isinstance(each, Taken)]
        self._claims = {claim: each.row.line for each in taken for claim in each.claims}
        self._decided.set()
        new = [each for each in taken if not each.is_known]
        customers = await self._numbered(new) if not setting.dry else []
        partner_id = setting.partner.partner_id
        await write_customers(connection, partner_id, customers, setting.moment())
        numbers = {each.taken.row.line: each.number for each in customers}
        await write_progress(connection, (partner_id, setting.customer_import_id), refused, taken, numbers)
        before = await self._settled()
        done = _added(before, len(refused), len(taken) - len(new), new)
        await queries.set_progress(connection, partner_id, before.rows_done, done)
        return done

    async def _settled(self) -> Import:
        """How far the import is before this batch, once that is certain. Raises _Undone."""
        before = self._before
        if isinstance(before, Import):
            return before
        undone = asyncio.create_task(before._undone.wait())
        await asyncio.wait({before.task, undone}, return_when=asyncio.FIRST_COMPLETED)
        undone.cancel()
        if before._undone.is_set():
            raise _Undone("the rows before changed")
        # Batches do not keep those before them for ever.
        self._before = before.task.result()
        return self._before

    async def _facts(self, held: dict[Claim, int]) -> Facts:
        connection, partner_id, rows = self._connection, self._setting.partner.partner_id, self._rows
        told = [row.customer_number for row in rows if row.customer_number is not None]
        references = [(one.code, one.external_id) for row in rows for one in row.references]
        credentials = [one.credential for row in rows for user in row.users for one in user.credentials]
        owners = await queries.find_references(connection, partner_id, references)
        accounts = await queries.find_accounts(connection, partner_id, credentials)
        asked: list[Claim] = [claim for row in rows for claim in asked_of(row)]
        asked += [("number", str(owner)) for owner in set(owners.values())]
        asked += [("account", unique_id.hex) for unique_id in {account.unique_id for account in accounts.values()}]
        return Facts(
            claims=await queries.find_claims(connection, partner_id, self._setting.customer_import_id, asked) | held,
            customers=await queries.find_customers(connection, partner_id, told),
            merged=await queries.find_merged(connection, partner_id, told),
            references=owners,
            accounts=accounts,
        )

    async def _numbered(self, new: Sequence[Taken]) -> list[NewCustomer]:
        partner_id = self._setting.partner.partner_id
        missing = sum(1 for each in new if each.row.customer_number is None)
        numbers: list[int] = []
        while len(numbers) < missing:
            wanted = missing - len(numbers)
            found = await queries.take_numbers(self._connection, partner_id, wanted)
            numbers += found
            if len(found) < wanted:
                await skip_taken_numbers(self._connection, partner_id)
        given = iter(numbers)
        return [
            NewCustomer(each.row.customer_number if each.row.customer_number is not None else next(given), each)
            for each in new
        ]


def _added(before: Import, refused: int, known: int, new: Sequence[Taken]) -> Import:
    return Import(
        customer_import_id=before.customer_import_id,
        rows_done=before.rows_done + refused + known + len(new),
        customers_made=before.customers_made + len(new),
        customers_known=before.customers_known + known,
        rows_refused=before.rows_refused + refused,
        accounts_made=before.accounts_made + sum(len(each.made) for each in new),
        accounts_linked=before.accounts_linked + sum(len(each.linked) for each in new),
    )
