"""Show the account behind a token."""

from typing import cast

import msgspec

from kolofon.engine.calls import Read
from kolofon.platform.callers import UserCaller
from kolofon.platform.credentials import CREDENTIAL_WORDS
from kolofon.platform.errors import NotFound
from kolofon.platform.ids import unique_id_text
from kolofon.user_data.profile import queries
from kolofon.user_data.profile.queries import StoredCredential, StoredProfile
from kolofon.user_data.profile.schemas import (
    Credential,
    ExternalInfo,
    ExternalProfile,
    ExternalProfiles,
    ExternalSource,
    LegacyCredential,
    LegacyProfile,
    Name,
    PhoneNumber,
    UserProfile,
)


async def show_profile(call: Read[UserCaller]) -> UserProfile:
    """The account; works without a customer number. Raises NotFound when the account is gone."""
    stored = await _find(call)
    login = _login_credential(stored)
    return UserProfile(
        unique_id=unique_id_text(call.caller.unique_id),
        login_credential=_credential(login) if login is not None else None,
        user_credentials=[_credential(credential) for credential in stored.credentials],
        name=_name(stored),
        phone_numbers=_phone_numbers(stored),
        emails=stored.emails,
        external_sources=cast("list[ExternalSource]", stored.external_sources),
    )


async def show_legacy_profile(call: Read[UserCaller]) -> LegacyProfile:
    """The account and its customer number, in the older shape. Raises NotFound when the account is gone."""
    stored = await _find(call)
    login = _login_credential(stored)
    unique_id = unique_id_text(call.caller.unique_id)
    return LegacyProfile(
        user_id=unique_id,
        unique_id=unique_id,
        customer_number=stored.customer_number,
        credential=(
            LegacyCredential(credential=login.credential, credential_type=login.credential_type) if login else None
        ),
        name=_name(stored),
        phone_numbers=_phone_numbers(stored),
        emails=stored.emails,
    )


async def list_external_profiles(call: Read[UserCaller]) -> ExternalProfiles:
    """What outside login providers told of the user."""
    found = await queries.list_external_profiles(call.database, call.caller.unique_id)
    return ExternalProfiles(
        external_profile_list=[
            ExternalProfile(source=cast("ExternalSource", source), info=msgspec.convert(info, ExternalInfo))
            for source, info in found
        ]
    )


async def _find(call: Read[UserCaller]) -> StoredProfile:
    user = call.caller
    stored = await queries.find_profile(call.database, user.unique_id, user.grant_id, user.partner_id)
    if stored is None:
        raise NotFound("the user's account is gone")
    return stored


def _login_credential(stored: StoredProfile) -> StoredCredential | None:
    """The credential of the login, or the first one when that has been removed since."""
    by_name = {credential.credential: credential for credential in stored.credentials}
    first = stored.credentials[0] if stored.credentials else None
    return by_name.get(stored.login_credential or "", first)


def _credential(stored: StoredCredential) -> Credential:
    return Credential(
        credential=stored.credential,
        credential_type=CREDENTIAL_WORDS.get(stored.credential_type, "external"),
        verification_level=stored.verification_level,
    )


def _name(stored: StoredProfile) -> Name:
    return Name(
        first_name=stored.first_name,
        middle_name=stored.middle_name,
        last_name=stored.last_name,
        company_name=stored.company_name,
        department_name=stored.department_name,
    )


def _phone_numbers(stored: StoredProfile) -> list[PhoneNumber]:
    return [PhoneNumber(phone_number=number, phone_number_type=kind) for number, kind in stored.phone_numbers]
