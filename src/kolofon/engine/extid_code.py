"""The extidCode: a short-lived proof, given to a client, that it registered an external identity.

A JWT with HS512, as existing clients know it: its first claim is `ct`, whose value begins with the credential type.
"""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from kolofon.platform.ids import new_uuid

LIFETIME = timedelta(minutes=10)
_ALGORITHM = "HS512"
KEY_PURPOSE = "extid code"


class ExtidCode(msgspec.Struct, frozen=True):
    """Who the code speaks of. `credential` is the stored form, e.g. AID:<external id>."""

    code_id: UUID
    credential: str


class _Claims(msgspec.Struct):
    ct: str
    client_id: str
    jti: UUID
    exp: int


def make(credential_type: str, credential: str, key: bytes, client_id: str, now: datetime) -> str:
    """A code for a client, good for one exchange within ten minutes."""
    claims = {
        "ct": f"{credential_type}_{credential}",
        "client_id": client_id,
        "jti": str(new_uuid()),
        "exp": int((now + LIFETIME).timestamp()),
    }
    return jwt.encode({"alg": _ALGORITHM}, claims, OctKey.import_key(key), algorithms=[_ALGORITHM], default_type=None)


def read(text: str, key: bytes, client_id: str, now: datetime) -> ExtidCode | None:
    """What a code says; None when it is not one of ours, not this client's, or too old."""
    try:
        token = jwt.decode(text, OctKey.import_key(key), algorithms=[_ALGORITHM])
        claims = msgspec.convert(token.claims, _Claims)
    except (JoseError, ValueError, TypeError):
        return None
    if claims.client_id != client_id or claims.exp <= now.timestamp():
        return None
    return ExtidCode(claims.jti, claims.ct.partition("_")[2])
