"""Check whether a credential is somebody's."""

from typing import cast

from kolofon.engine.accounts.queries import find_handle
from kolofon.engine.calls import Read
from kolofon.platform.callers import ClientCaller
from kolofon.platform.credentials import EXTERNAL_PREFIXES, external_credential, normalised_credential
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import unique_id_text
from kolofon.user_data.credential.schemas import CredentialAnswer, CredentialRequest, CredentialType


async def check_credential(call: Read[ClientCaller], request: CredentialRequest) -> CredentialAnswer:
    """Whose a credential is, if anybody's. Raises InvalidRequest.

    A closed account has its credentials still: nobody else can have them.
    """
    credential, kind = _normalised(request, call.partner.offers.country_code)
    handle = await find_handle(call.database, call.caller.partner_id, credential)
    return CredentialAnswer(
        credential=credential,
        credential_type=cast("CredentialType", kind),
        exists=handle is not None,
        unique_id=unique_id_text(handle.unique_id) if handle is not None else None,
        is_password_set=handle.has_password if handle is not None else None,
    )


def _normalised(request: CredentialRequest, country_code: str) -> tuple[str, str]:
    text, wanted = request.credential.strip(), request.credential_type
    has_prefix = text.partition(":")[0] in EXTERNAL_PREFIXES.values()
    if wanted in EXTERNAL_PREFIXES and not has_prefix:
        text = external_credential(wanted, text)
    credential, kind = normalised_credential(text, country_code)
    if wanted not in {None, kind}:
        raise InvalidRequest(f"credentialType: expected {kind}, which the credential is, or nothing")
    return credential, kind
