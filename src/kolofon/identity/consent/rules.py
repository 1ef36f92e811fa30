"""What a consent is about."""

from collections.abc import Collection

from kolofon.identity.openid.userinfo import CLAIMS


def asked_scopes(scope: str, userinfo_claims: Collection[str]) -> frozenset[str]:
    """What a request would give to its client, in scopes. A claim asked for by itself counts as the scope it is of."""
    of_claims = {name for name, claims in CLAIMS.items() if set(claims) & set(userinfo_claims)}
    return frozenset(scope.split()) | of_claims
