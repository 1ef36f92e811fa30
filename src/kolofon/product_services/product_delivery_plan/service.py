"""List delivery plans."""

from typing import Any

from kolofon.catalogue.offers import DeliveryPlan
from kolofon.engine.calls import Read
from kolofon.platform.callers import ClientCaller
from kolofon.product_services.product_delivery_plan.schemas import ProductDeliveryPlan

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def list_delivery_plans(call: Read[ClientCaller], product_code: str) -> list[ProductDeliveryPlan]:
    """The plans of a product that are still offered, by their ids."""
    plans = call.partner.offers.delivery_plans.values()
    found = [plan for plan in plans if plan.product_code == product_code and not plan.retired]
    return [_answer(plan) for plan in sorted(found, key=lambda plan: plan.delivery_plan_id)]


def _answer(plan: DeliveryPlan) -> ProductDeliveryPlan:
    days: dict[str, Any] = dict(zip(_WEEKDAYS, plan.days, strict=True))
    return ProductDeliveryPlan(product_delivery_plan_id=plan.delivery_plan_id, plan_name=plan.plan_name, **days)
