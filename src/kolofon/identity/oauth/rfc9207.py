"""RFC 9207: the issuer in every authorization response, so that a client of several servers cannot be confused."""

from urllib.parse import parse_qsl, urlencode, urlsplit


def response_url(redirect_uri: str, issuer: str, members: dict[str, str | None]) -> str:
    """The redirect URI with the response's members and `iss` added to the query it already has."""
    return with_members(redirect_uri, members | {"iss": issuer})


def with_members(redirect_uri: str, members: dict[str, str | None]) -> str:
    """A client's URI with members added to its query; those that are None are left out.

    The client's own URI is kept to the letter: some compare it, some put values without `=` in the query, and taking
    it apart and putting it together again would change `app:///path` or the case of a scheme. It has no fragment.
    """
    added = urlencode({name: value for name, value in members.items() if value is not None})
    if not added:
        return redirect_uri
    if "?" not in redirect_uri:
        return f"{redirect_uri}?{added}"
    return f"{redirect_uri}{added}" if redirect_uri.endswith(("?", "&")) else f"{redirect_uri}&{added}"


def same_but_for_query(registered: str, presented: str) -> bool:
    """Whether two URLs differ in nothing but the query, for clients whose query part is registered as free."""
    one, other = urlsplit(registered), urlsplit(presented)
    reserved = {"code", "state", "iss", "error", "error_description"}
    names = {name for name, _ in parse_qsl(other.query, keep_blank_values=True)}
    return (
        one._replace(query="", fragment="") == other._replace(query="", fragment="")
        and "#" not in presented
        and not names & reserved
    )
