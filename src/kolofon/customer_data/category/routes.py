"""Category: three operations, user mode."""

from typing import Annotated

from litestar import get
from litestar.params import PathParameter

from kolofon.customer_data.category.schemas import CategoryCodes, CategoryTypes
from kolofon.customer_data.category.service import list_category_codes, list_category_types, list_codes_of_type
from kolofon.engine.calls import UserReads

TAG = "Category"
CategoryTypeCode = Annotated[str, PathParameter(min_length=1, max_length=12, description="Code of a category type.")]


@get(
    "/v1/customer/category/type",
    operation_id="listCategoryTypes",
    summary="List category types",
    tags=[TAG],
    opt={"xml_root": "categoryTypes"},
)
async def list_types(
    user_reads: UserReads,
) -> CategoryTypes:
    """The kinds of category that the partner has for its customers."""
    return list_category_types(user_reads.partner)


@get(
    "/v1/customer/category/code",
    operation_id="listCategoryCodes",
    summary="List category codes",
    tags=[TAG],
    opt={"xml_root": "categoryCodes"},
)
async def list_codes(
    user_reads: UserReads,
) -> CategoryCodes:
    """Every category of every kind; each names the kind it belongs to."""
    return list_category_codes(user_reads.partner)


@get(
    "/v1/customer/category/code/{category_type:str}",
    operation_id="listCategoryCodesForCategoryType",
    summary="List category codes for category type",
    tags=[TAG],
    opt={"xml_root": "categoryCodes"},
)
async def list_codes_for_type(
    category_type: CategoryTypeCode,
    user_reads: UserReads,
) -> CategoryCodes:
    """The categories of one kind; an empty list when there is no such kind."""
    return list_codes_of_type(user_reads.partner, category_type)


HANDLERS = [list_types, list_codes, list_codes_for_type]
