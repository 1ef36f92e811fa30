"""Wire shapes of payments that were made before their order: the provider's ids, an object for each payment method."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import RequestBody

ProviderText = Annotated[str, Meta(max_length=255, description="As the provider gave it.")]
TransactionId = Annotated[str, Meta(max_length=255, description="The provider's id of the payment.")]
ProviderId = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Which agreement with the provider it was.")]


class PaymentInfo(RequestBody, omit_defaults=True, kw_only=True):
    """A card payment through Nets, of older clients. Known, and taken with no payment method any more."""

    ticket: ProviderText | None = None
    card_number_masked: ProviderText | None = None
    exp_month: ProviderText | None = None
    exp_year: ProviderText | None = None
    card_type_name: ProviderText | None = None
    transaction_id: TransactionId | None = None
    merchant_id: ProviderText | None = None
    ticket_merchant_id: ProviderText | None = None
    secure3d: Annotated[bool, Meta(description="Whether 3-D Secure was used.")] | None = None
    verification_id_present: Annotated[bool, Meta(description="Whether it was verified.")] | None = None
    enrolled: Annotated[bool, Meta(description="Whether the card takes part in 3-D Secure.")] | None = None


class PaymentInfoPayex(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by creditcardPayex."""

    transaction_id: TransactionId | None = None
    recurrence_token: (
        Annotated[str, Meta(max_length=255, description="To charge again with; needed when recurring.")] | None
    ) = None
    merchant_id: ProviderText | None = None
    masked_card_number: ProviderText | None = None
    expiration_month: ProviderText | None = None
    expiration_year: ProviderText | None = None
    card_type_name: ProviderText | None = None
    payment_provider_id: ProviderId | None = None


class PaymentInfoSwishPayex(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by swishPayex."""

    transaction_id: TransactionId | None = None
    merchant_id: ProviderText | None = None


class PaymentInfoVippsRecurring(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by vippsRecurring."""

    agreement_ref: (
        Annotated[str, Meta(max_length=255, description="The agreement to charge by from now on.")] | None
    ) = None
    transaction_id: TransactionId | None = None
    payment_provider_id: ProviderId | None = None


class PaymentInfoVippsEcommerce(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by vippsEcommerce."""

    transaction_id: TransactionId | None = None
    payment_provider_id: ProviderId | None = None


class PaymentInfoKco(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by kco (Klarna)."""

    klarna_order_id: Annotated[str, Meta(max_length=255, description="Klarna's id of the order.")] | None = None
    recurring_token: (
        Annotated[str, Meta(max_length=255, description="To charge again with; needed when recurring.")] | None
    ) = None
    payment_provider_id: ProviderId | None = None


class PaymentInfoNexi(RequestBody, omit_defaults=True, kw_only=True):
    """A payment by nexi."""

    payment_id: Annotated[str, Meta(max_length=255, description="Nexi's id of the payment.")] | None = None
    subscription_id: (
        Annotated[str, Meta(max_length=255, description="To charge again with; needed when recurring.")] | None
    ) = None
    payment_provider_id: ProviderId | None = None


class PaymentInfoOther(RequestBody, omit_defaults=True, kw_only=True):
    """A payment that the client took by itself."""

    transaction_id: TransactionId | None = None
