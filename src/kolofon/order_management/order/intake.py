"""An order while it is checked: what the checks share, and what comes of them."""

from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from kolofon.catalogue.memory import PartnerCatalogue
from kolofon.catalogue.offers import Coupon, Offers, Product
from kolofon.engine.customers.party import Party
from kolofon.order_management.order.schemas import OrderLine
from kolofon.platform.dates import day_of
from kolofon.platform.problems import Problems


class Intake:
    """One order on its way in: whose catalogue it is checked against, when, and what is wrong with it so far."""

    def __init__(self, partner: PartnerCatalogue, now: datetime) -> None:
        self.partner = partner
        self.now = now
        self.problems = Problems()
        self.wrong_vouchers = 0

    @property
    def offers(self) -> Offers:
        """What the partner sells."""
        return self.partner.offers

    @cached_property
    def today(self) -> date:
        """The partner's day."""
        return day_of(self.now, self.offers.time_zone)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose thing is known. `field` is what the paths of its members begin with: `orderLines[0].`."""

    number: int  # from 1
    field: str
    asked: OrderLine
    product: Product
    coupon: Coupon | None
    issue_code: str | None
    description: str
    start_time: datetime | None
    receiver: Party | None
    recruiter: Party | None


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """An order without its lines, as it is kept."""

    external_order_id: str | None
    order_time: datetime
    payment_method: str
    recurring: bool
    prepaid: bool
    merchant_id: str | None
    marketing_coupon: tuple[str, int] | None
    campaign_parameters: str | None
    customer_reference: str | None
    seller: str | None
    sales_method: str | None
    payer: Party
    payment_info: dict[str, Any] | None


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who registers: `unique_id` is whose order it is, `is_user` that this user asks in person."""

    unique_id: UUID | None
    is_user: bool
