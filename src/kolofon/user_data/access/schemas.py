"""Wire shapes of Access."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, CustomerNumber, EpochMilliseconds, RequestBody, UniqueId


class AccessRequest(RequestBody):
    """What is asked. Several criteria are combined with AND."""

    product: Annotated[str, Meta(max_length=255, description="Ask by product code.")] | None = None
    article_id: Annotated[str, Meta(max_length=255, description="Ask by one article.")] | None = None
    domain: Annotated[str, Meta(max_length=255, description="Ask by domain name, as in unite.no.")] | None = None
    ip: Annotated[str, Meta(max_length=45, description="Ask by IP address, version 4 or 6.")] | None = None
    category_type: (
        Annotated[str, Meta(max_length=255, description="Ask by subscriptions whose category has this type.")] | None
    ) = None
    access_azure_ad: Annotated[bool, Meta(description="Include the Azure AD check.")] | None = None
    access_aid_family: (
        Annotated[bool, Meta(description="The access of the user's aID family counts too, for the product.")] | None
    ) = None
    access_domain: (
        Annotated[bool, Meta(description="Access at a domain of the user's verified e-mail addresses counts too.")]
        | None
    ) = None
    access_article: (
        Annotated[bool, Meta(description="Answer all article ids the user may read; idle beside articleId.")] | None
    ) = None
    unique_id: UniqueId | None = None
    customer_number: CustomerNumber | None = None
    credential: Annotated[str, Meta(max_length=255, description="E-mail address or phone number in E.164.")] | None = (
        None
    )


class AccessEntry(Answer):
    """One ground that was looked at."""

    access: bool
    access_level: Annotated[
        Literal["A", "B", "C"], Meta(description="A: what the customer holds, B: domain, C: IP address.")
    ]
    access_type: Annotated[
        Literal["A", "B", "D"],
        Meta(description="A: access without a set end, B: from startTime to endTime, D: no access."),
    ]
    start_time: EpochMilliseconds | None = None
    end_time: EpochMilliseconds | None = None
    article_ids: list[str] | None = None


class AccessExplanation(Answer):
    """Why a ground grants or nearly grants access. Given on request, by `explain=true`."""

    criterion: Annotated[str, Meta(description="The member of the request that was looked at.")]
    access: bool
    reason: str
    rule: Annotated[str, Meta(description="The partner's access rule that decided, where one did.")] | None = None
    since: Annotated[EpochMilliseconds, Meta(description="Start of what grants, or nearly grants, access.")] | None = (
        None
    )
    until: Annotated[EpochMilliseconds, Meta(description="End of what grants, or nearly grants, access.")] | None = None


class AccessAnswer(Answer):
    """The verdict and what it rests on."""

    access: bool
    accesses: list[AccessEntry]
    explanation: list[AccessExplanation] | None = None
