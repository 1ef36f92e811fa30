"""OpenID Connect Discovery 1.0: the metadata document, which holds what RFC 8414 wants as well."""

from datetime import datetime
from typing import Any

from kolofon.identity.oauth import rfc8414
from kolofon.identity.oauth.keys import KeyRing
from kolofon.identity.openid.core import PROMPTS
from kolofon.identity.openid.id_token import ACR_VALUES
from kolofon.identity.openid.userinfo import CLAIMS

WELL_KNOWN = "/.well-known/openid-configuration"
_OF_ID_TOKEN = ("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid")


def metadata(issuer: str, keys: KeyRing, now: datetime) -> dict[str, Any]:
    """What this server can do. `issuer` is the login server's base URL."""
    of_userinfo = [name for names in CLAIMS.values() for name in names]
    return rfc8414.metadata(issuer) | {
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "end_session_endpoint": f"{issuer}/oauth/logout",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": keys.algorithms(now.timestamp()),
        "acr_values_supported": list(ACR_VALUES),
        "prompt_values_supported": list(PROMPTS),
        "claim_types_supported": ["normal"],
        "claims_supported": [*_OF_ID_TOKEN, *of_userinfo],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        # Only the request_uri of a pushed request is taken (RFC 9126).
        "request_uri_parameter_supported": False,
    }
