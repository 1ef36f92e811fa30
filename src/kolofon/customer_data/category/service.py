"""List the partner's categories, which are in memory."""

from kolofon.catalogue.memory import CategoryType, PartnerCatalogue
from kolofon.customer_data.category.schemas import CategoryCodeEntry, CategoryCodes, CategoryTypeEntry, CategoryTypes


def list_category_types(partner: PartnerCatalogue) -> CategoryTypes:
    """All kinds of category."""
    return CategoryTypes(
        category_types=[
            CategoryTypeEntry(category_type=code, description=kind.description)
            for code, kind in partner.category_types.items()
        ]
    )


def list_category_codes(partner: PartnerCatalogue) -> CategoryCodes:
    """All categories of all kinds."""
    return _codes(partner.category_types)


def list_codes_of_type(partner: PartnerCatalogue, category_type: str) -> CategoryCodes:
    """The categories of one kind; none when there is no such kind."""
    kind = partner.category_types.get(category_type)
    return _codes({category_type: kind} if kind is not None else {})


def _codes(kinds: dict[str, CategoryType]) -> CategoryCodes:
    return CategoryCodes(
        category_codes=[
            CategoryCodeEntry(category_type=category_type, category_code=code, description=description)
            for category_type, kind in kinds.items()
            for code, description in kind.codes.items()
        ]
    )
