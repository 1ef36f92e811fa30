"""The two addresses of the login server."""

from litestar import Request
from litestar.datastructures import State

# The original's production system has its login server at /user, its test system at /login.
PREFIXES = ("/user", "/login")


def prefix_of(request: Request[None, None, State]) -> str:
    """The address a browser came to; it stays there. The issuer is the same at both."""
    return next(prefix for prefix in PREFIXES if request.scope["path"].startswith(f"{prefix}/"))
