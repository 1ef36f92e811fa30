"""Wire shapes of Category."""

from typing import Annotated

from msgspec import Meta

from kolofon.platform.schemas import Answer

TypeCode = Annotated[str, Meta(max_length=12, description="Code of a category type.")]


class CategoryTypeEntry(Answer):
    """A kind of category."""

    category_type: TypeCode
    description: Annotated[str, Meta(description="What it is about.")]


class CategoryTypes(Answer):
    """All kinds of category that the partner has, in the order of their codes."""

    category_types: list[CategoryTypeEntry]


class CategoryCodeEntry(Answer):
    """A category, as orders and subscriptions name it."""

    category_type: TypeCode
    category_code: Annotated[str, Meta(max_length=12, description="Code of the category, good for one type only.")]
    description: Annotated[str, Meta(description="What it is about.")]


class CategoryCodes(Answer):
    """Categories, in the order of their types and codes."""

    category_codes: list[CategoryCodeEntry]
