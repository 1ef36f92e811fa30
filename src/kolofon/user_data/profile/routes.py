"""Profile: two operations, and the older one that all existing clients call."""

from litestar import get

from kolofon.engine.calls import UserReads
from kolofon.user_data.profile.schemas import ExternalProfiles, LegacyProfile, UserProfile
from kolofon.user_data.profile.service import list_external_profiles, show_legacy_profile, show_profile

TAG = "Profile"


@get(
    "/v1/user/profile",
    operation_id="listUserProfile",
    summary="List user profile",
    tags=[TAG],
    opt={"xml_root": "profile"},
)
async def list_user_profile(user_reads: UserReads) -> UserProfile:
    """The account behind the token: id, credentials, name, phone numbers and e-mail addresses."""
    return await show_profile(user_reads)


@get(
    "/v1/user/profile/external",
    operation_id="listExternalUserProfiles",
    summary="List external user profiles",
    tags=[TAG],
    opt={"xml_root": "externalProfileList"},
)
async def list_external_user_profiles(user_reads: UserReads) -> ExternalProfiles:
    """What outside login providers, such as Vipps, have told of the user."""
    return await list_external_profiles(user_reads)


@get(
    "/v1/customer/profile",
    operation_id="listCustomerProfile",
    summary="List customer profile",
    tags=[TAG],
    opt={"xml_root": "profile"},
)
async def list_customer_profile(user_reads: UserReads) -> LegacyProfile:
    """The account with its customer number, in the shape that clients used before List user profile."""
    return await show_legacy_profile(user_reads)


HANDLERS = [list_user_profile, list_external_user_profiles, list_customer_profile]
