"""Where a site may have a browser or a call sent: to hosts that are registered for it, and nowhere else."""

from urllib.parse import SplitResult, quote, urlsplit

from kolofon.catalogue.memory import Client
from kolofon.platform.errors import InvalidRequest

_LONGEST = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PRINTABLE = "".join(chr(number) for number in range(0x21, 0x7F))


def checked_return_url(client: Client, name: str, url: str | None) -> str:
    """The URL, fit for a header; raises InvalidRequest when it is not one of the client's.

    Browsers read many spellings as a URL of another host. What is not plain is refused, not understood.
    """
    if url is None:
        raise InvalidRequest(f"{name}: missing")
    parts = plain_parts(url)
    if parts is None:
        raise InvalidRequest(f"{name}: expected an absolute URL such as https://www.example.no/path")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InvalidRequest(f"{name}: expected https")
    if _host_and_port(parts) not in _hosts_of(client):
        raise InvalidRequest(f"{name}: the host is not registered for this client")
    # Paths in other letters than ASCII are sent as browsers send them; what is encoded already stays as it is.
    return quote(url, safe=_PRINTABLE)


def with_fulfillment_status(url: str, status: str) -> str:
    """A checked URL that tells how an order ended, after what is in its query; the rest stays to the letter."""
    address, mark, fragment = url.partition("#")
    joint = "&" if "?" in address else "?"
    if address.endswith(("?", "&")):
        joint = ""
    return f"{address}{joint}fulfillmentStatus={status}{mark}{fragment}"


def plain_parts(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL that every reader reads alike; None for any other."""
    unsafe = any(letter <= " " or letter == "\x7f" or letter == "\\" for letter in url)
    if unsafe or len(url) > _LONGEST or not url.lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = parts.netloc.isascii() and parts.hostname and not {"@", "%", "\\"} & set(parts.netloc)
    return parts if plain else None


def _hosts_of(client: Client) -> set[tuple[str, int]]:
    """Host and port of all places that a client has registered. A host without a port is that of its scheme."""
    found = set()
    in_schemes = [f"{scheme}://{host}" for host in client.return_hosts for scheme in _DEFAULT_PORTS]
    for url in (*in_schemes, *client.redirect_uris):
        parts = plain_parts(url)
        if parts is not None:
            found.add(_host_and_port(parts))
    return found


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    return (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS[parts.scheme]
