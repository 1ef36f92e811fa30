"""All SQL of Voucher Coupons."""

from datetime import datetime

from kolofon.platform.database import Reader


async def list_usable_coupons(
    database: Reader, partner_id: int, voucher_code: str, now: datetime
) -> list[tuple[str, int]]:
    """Codes and numbers of the coupons of a voucher; none when it is not there, used up, or out of its time."""
    rows = await database.fetch(
        """
        select c.coupon_code, c.coupon_number
        from voucher v
        join voucher_coupon c on c.partner_id = v.partner_id and c.voucher_code = v.voucher_code
        where v.partner_id = $1 and v.voucher_code = $2 and not v.retired and v.used < v.uses_allowed
            and (v.start_time is null or v.start_time <= $3) and (v.end_time is null or v.end_time > $3)
        order by c.coupon_code, c.coupon_number
        """,
        partner_id,
        voucher_code,
        now,
    )
    return [(row["coupon_code"], row["coupon_number"]) for row in rows]
