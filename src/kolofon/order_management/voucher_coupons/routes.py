"""Voucher Coupons: one operation."""

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import PathParameter, SkipValidation

from kolofon.engine.calls import ClientReads
from kolofon.engine.guessing import Guesses
from kolofon.order_management.voucher_coupons.schemas import VoucherCoupons
from kolofon.order_management.voucher_coupons.service import list_voucher_coupons

TAG = "Voucher Coupons"
VoucherCode = Annotated[
    str, PathParameter(min_length=1, max_length=36, description="Code of a voucher, in capital or small letters.")
]


@get(
    "/v1/client/voucher/coupons/{voucher_code:str}",
    operation_id="listVoucherCodeCouponsClient",
    summary="List voucher code coupons - client mode",
    tags=[TAG],
    opt={"xml_root": "coupons"},
)
async def list_coupons(
    voucher_code: VoucherCode,
    client_reads: ClientReads,
    voucher_guesses: NamedDependency[SkipValidation[Guesses]],
) -> VoucherCoupons:
    """The coupons that may be ordered with a voucher; a code that cannot be used is refused, and too many are too."""
    return await list_voucher_coupons(client_reads, voucher_guesses, voucher_code)


HANDLERS = [list_coupons]
