"""SQL that brings vouchers to what a publisher file says. How often they were used is the orders' affair."""

from datetime import datetime

import msgspec

from kolofon.platform.database import Connection


class VoucherRow(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher as the file has it; coupons by code and number, in this order."""

    voucher_code: str
    uses_allowed: int
    start_time: datetime | None
    end_time: datetime | None
    retired: bool = False
    coupons: tuple[tuple[str, int], ...] = ()


async def list_vouchers(connection: Connection, partner_id: int) -> dict[str, VoucherRow]:
    """All vouchers, by code."""
    rows = await connection.fetch(
        """
        select v.voucher_code, v.uses_allowed, v.start_time, v.end_time, v.retired,
            array(
                select (c.coupon_code, c.coupon_number) from voucher_coupon c
                where c.partner_id = v.partner_id and c.voucher_code = v.voucher_code
                order by c.coupon_code, c.coupon_number
            ) as coupons
        from voucher v
        where v.partner_id = $1
        """,
        partner_id,
    )
    found = []
    for row in rows:
        members = dict(row)
        members["coupons"] = tuple((code, number) for code, number in members["coupons"])
        found.append(VoucherRow(**members))
    return {voucher.voucher_code: voucher for voucher in found}


async def lock_vouchers(connection: Connection, partner_id: int, codes: list[str]) -> dict[str, int]:
    """How often vouchers were used, by code; orders cannot use them until the transaction ends.

    Locked in the order of their codes, as orders do that use several.
    """
    rows = await connection.fetch(
        """
        select voucher_code, used from voucher
        where partner_id = $1 and voucher_code = any($2::text[])
        order by voucher_code
        for update
        """,
        partner_id,
        codes,
    )
    return {row["voucher_code"]: row["used"] for row in rows}


async def put_vouchers(connection: Connection, partner_id: int, vouchers: list[VoucherRow]) -> None:
    """Add or change vouchers, with the coupons that each can buy."""
    await connection.execute(
        """
        insert into voucher (partner_id, voucher_code, uses_allowed, start_time, end_time)
        select $1, w.voucher_code, w.uses_allowed, w.start_time, w.end_time
        from jsonb_to_recordset($2)
            as w (voucher_code text, uses_allowed integer, start_time timestamptz, end_time timestamptz)
        on conflict (partner_id, voucher_code) do update
        set uses_allowed = excluded.uses_allowed, start_time = excluded.start_time, end_time = excluded.end_time,
            retired = false
        """,
        partner_id,
        vouchers,
    )
    keys = [(voucher.voucher_code, *coupon) for voucher in vouchers for coupon in voucher.coupons]
    arguments = (
        partner_id,
        [voucher for voucher, _, _ in keys],
        [code for _, code, _ in keys],
        [number for _, _, number in keys],
    )
    await connection.execute(
        """
        delete from voucher_coupon v
        where v.partner_id = $1 and v.voucher_code = any($2::text[]) and not exists (
            select from unnest($2::text[], $3::text[], $4::bigint[]) as w (voucher_code, coupon_code, coupon_number)
            where (w.voucher_code, w.coupon_code, w.coupon_number)
                = (v.voucher_code, v.coupon_code, v.coupon_number)
        )
        """,
        *arguments,
    )
    await connection.execute(
        """
        insert into voucher_coupon (partner_id, voucher_code, coupon_code, coupon_number)
        select $1, w.voucher_code, w.coupon_code, w.coupon_number
        from unnest($2::text[], $3::text[], $4::bigint[]) as w (voucher_code, coupon_code, coupon_number)
        on conflict do nothing
        """,
        *arguments,
    )


async def retire_vouchers(connection: Connection, partner_id: int, codes: list[str]) -> None:
    """Let vouchers no longer be used; those who used them keep what they bought."""
    await connection.execute(
        "update voucher set retired = true where partner_id = $1 and voucher_code = any($2::text[])", partner_id, codes
    )
