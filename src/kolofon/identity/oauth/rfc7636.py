"""RFC 7636, Proof Key for Code Exchange: S256 only; `plain` would show the verifier to who reads the request."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


def challenge_problem(challenge: str | None, method: str | None, required: bool) -> str | None:
    """What is wrong with the challenge of an authorization request; None: nothing."""
    if challenge is None:
        if method is not None:
            return "code_challenge_method without code_challenge"
        return "code_challenge: this client must use PKCE (RFC 7636)" if required else None
    if method != "S256":
        return "code_challenge_method: expected S256"
    if not _CHALLENGE.fullmatch(challenge):
        return "code_challenge: expected the 43 characters of a base64url-encoded SHA-256"
    return None


def verifier_fits(challenge: str | None, verifier: str | None) -> bool:
    """Whether the token request proves it comes from who made the authorization request.

    A verifier without a challenge is refused too: it shows a request whose challenge was stripped on its way
    (RFC 9700, section 4.8.2).
    """
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    if not _VERIFIER.fullmatch(verifier):
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
    return compare_digest(digest, challenge.encode())
