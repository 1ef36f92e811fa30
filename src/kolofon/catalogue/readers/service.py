"""Making the demo readers of a file. Who is there already is left alone: what people did since is theirs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from kolofon.catalogue.changes import KindChanges
from kolofon.catalogue.publisher_file.errors import FieldPath, Problems
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.reader_checks import access_kind, describes
from kolofon.catalogue.publisher_file.readers import Reader, ReaderCustomer, ReaderName, ReaderSubscription
from kolofon.catalogue.publisher_file.when import resolve_time
from kolofon.catalogue.readers import queries
from kolofon.catalogue.readers.queries import NewAccess, NewAccount, NewAddress, NewCustomer, NewSubscription
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.database import Connection
from kolofon.platform.ids import uuid_for
from kolofon.platform.password_hash import hash_password

_FOREVER = datetime.max.replace(tzinfo=UTC)  # PostgreSQL's infinity


class _Made(msgspec.Struct):
    """The codes of what was made, and of what was there already."""

    accounts: list[str] = msgspec.field(default_factory=list)
    known_accounts: int = 0
    customers: list[str] = msgspec.field(default_factory=list)
    known_customers: set[str] = msgspec.field(default_factory=set)


class _Load(msgspec.Struct, frozen=True):
    """What every step of one load needs."""

    connection: Connection
    partner_id: int
    country: str
    time_zone: ZoneInfo
    renewal_days: int
    now: datetime
    problems: Problems
    made: _Made

    def time(self, text: str) -> datetime:
        """A time of the file; -30d and the like count from today, since this is the first load of what has it."""
        return resolve_time(text, self.now.astimezone(self.time_zone).date(), self.time_zone)


async def load_readers(
    connection: Connection, partner_id: int, publisher: PublisherFile, now: datetime, problems: Problems
) -> list[KindChanges]:
    """Make the readers and customers that are missing. What only the database could tell is added to the problems."""
    partner = publisher.partner
    made = _Made()
    zone, days = ZoneInfo(partner.time_zone), publisher.orders.renewal_days
    load = _Load(connection, partner_id, partner.country, zone, days, now, problems, made)
    # A customer that several readers share is described by one of them, who need not be the first.
    readers = sorted(
        enumerate(publisher.readers), key=lambda entry: entry[1].customer is None or not describes(entry[1].customer)
    )
    for index, reader in readers:
        unique_id = await _ensure_account(load, reader, ("readers", index))
        if unique_id is not None and reader.customer is not None:
            await _ensure_customer(load, unique_id, reader, reader.customer, ("readers", index, "customer"))
    return [
        KindChanges(kind="readers", added=tuple(made.accounts), unchanged=made.known_accounts),
        KindChanges(kind="customers", added=tuple(made.customers), unchanged=len(made.known_customers)),
    ]


async def _ensure_account(load: _Load, reader: Reader, at: FieldPath) -> UUID | None:
    credentials = [
        (*normalised_credential(entry.credential, load.country), entry.verification_level)
        for entry in reader.credentials
    ]
    known = await queries.find_accounts(load.connection, [stored for stored, *_ in credentials])
    if len(set(known.values())) > 1:
        message = f"expected credentials of one person, but {' and '.join(sorted(known))} belong to several accounts"
        load.problems.add((*at, "credentials"), message)
        return None
    if known:
        load.made.known_accounts += 1
        return next(iter(known.values()))
    load.made.accounts.append(credentials[0][0])
    return await _add_account(load, reader, credentials)


async def _add_account(load: _Load, reader: Reader, credentials: Sequence[tuple[str, str, str]]) -> UUID:
    unique_id = uuid_for(f"reader {credentials[0][0]}")
    await queries.add_account(
        load.connection,
        NewAccount(
            unique_id=unique_id,
            password_hash=hash_password(reader.password) if reader.password is not None else None,
            **_name(reader.name),
            created_at=load.now,
            disabled_at=load.now if reader.disabled else None,
        ),
    )
    await queries.add_credentials(load.connection, unique_id, credentials, load.now)
    await queries.add_contacts(load.connection, unique_id, *_contacts(load, reader))
    return unique_id


def _contacts(load: _Load, reader: Reader) -> tuple[list[tuple[str, str]], list[str]]:
    phone_numbers: list[tuple[str, str]] = [
        (normalised_credential(p.number, load.country)[0], p.type) for p in reader.phone_numbers
    ]
    return phone_numbers, [normalised_credential(email)[0] for email in reader.emails]


async def _ensure_customer(
    load: _Load, unique_id: UUID, reader: Reader, customer: ReaderCustomer, at: FieldPath
) -> None:
    number = customer.customer_number
    added = await queries.add_customer(
        load.connection,
        NewCustomer(
            partner_id=load.partner_id,
            customer_number=number,
            **_name(customer.name or reader.name),
            created_at=load.now,
        ),
    )
    if added:
        load.made.customers.append(str(number))
        await _give_contacts(load, reader, customer)
        await _give_holdings(load, customer, at)
        await _give_permissions(load, customer)
    elif str(number) not in load.made.customers:
        load.made.known_customers.add(str(number))
    await queries.link_customer(load.connection, unique_id, load.partner_id, number, load.now)


async def _give_contacts(load: _Load, reader: Reader, customer: ReaderCustomer) -> None:
    phone_numbers, emails = _contacts(load, reader)
    await queries.add_phone_numbers(load.connection, load.partner_id, customer.customer_number, phone_numbers)
    await queries.add_emails(load.connection, load.partner_id, customer.customer_number, emails)
    if customer.address is None:
        return
    # Who subscribes has lived there since, so that a move leaves a former address.
    since = min([load.now, *(load.time(subscription.start) for subscription in customer.subscriptions)])
    members = msgspec.structs.asdict(customer.address)
    country = members.pop("country") or load.country
    address = NewAddress(
        partner_id=load.partner_id,
        customer_number=customer.customer_number,
        country_code=country,
        valid_from=since.astimezone(load.time_zone).date(),
        created_at=load.now,
        **members,
    )
    await queries.add_address(load.connection, address)


async def _give_holdings(load: _Load, customer: ReaderCustomer, at: FieldPath) -> None:
    key = load.connection, load.partner_id, customer.customer_number
    subscriptions = []
    for index, entry in enumerate(customer.subscriptions):
        start = load.time(entry.start)
        end = load.time(entry.end) if entry.end is not None else None
        if _in_order(load, start, end, (*at, "subscriptions", index)):
            subscriptions.append(_subscription(load, entry, start, end))
    await queries.add_subscriptions(*key, subscriptions)
    accesses = []
    for index, access in enumerate(customer.access):
        start, end = load.time(access.start), load.time(access.end)
        if _in_order(load, start, end, (*at, "access", index)):
            accesses.append(NewAccess(*access_kind(access), start, end))
    await queries.add_accesses(*key, accesses)


def _subscription(load: _Load, entry: ReaderSubscription, start: datetime, end: datetime | None) -> NewSubscription:
    """As the life of subscriptions (engine/subscriptions) would have left it."""
    renews = end is not None and entry.state in {"waiting", "active"}
    renew_at = max(start, end.astimezone(load.time_zone) - timedelta(load.renewal_days)) if end and renews else None
    changes = {"waiting": start, "stopping": end}
    return NewSubscription(
        product_code=entry.product,
        category_code=entry.category,
        coupon_code=entry.coupon.code if entry.coupon is not None else None,
        coupon_number=entry.coupon.number if entry.coupon is not None else None,
        state=entry.state,
        start_time=start,
        end_time=end,
        paid_until=(end or _FOREVER) if entry.paid else None,
        # A pause has no end until somebody gives it one, and what is paused renews some time after that.
        renew_at=_FOREVER if entry.state == "paused" and end is not None else renew_at,
        change_at=changes.get(entry.state),
        pause_from=max(start, load.time("+0d")) if entry.state == "paused" else None,
    )


async def _give_permissions(load: _Load, customer: ReaderCustomer) -> None:
    key = load.connection, load.partner_id, customer.customer_number
    privacy = [
        (level.enterprise, level.order_type or "", purpose) for level in customer.privacy for purpose in level.purposes
    ]
    await queries.add_privacy_permissions(*key, privacy, load.now)
    marketing = [
        (level.enterprise or "", level.order_type or "", channel, permission)
        for level in customer.marketing
        for permission, channels in (("PERMISSION", level.permission), ("SHIELD", level.shield))
        for channel in channels
    ]
    await queries.add_marketing_permissions(*key, marketing, load.now)


def _in_order(load: _Load, start: datetime, end: datetime | None, at: FieldPath) -> bool:
    """Whether a period begins before it ends; known only now, as one may be a date and the other a number of days."""
    if end is None or start < end:
        return True
    load.problems.add((*at, "end"), f"expected an end after the start, {start:%Y-%m-%d %H:%M}")
    return False


def _name(name: ReaderName | None) -> dict[str, str | None]:
    return msgspec.structs.asdict(name or ReaderName())
