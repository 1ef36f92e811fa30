"""Where a sign-in comes from, in words that a reader can check: which client, which browser, which network."""

import re
from ipaddress import ip_address, ip_network

import msgspec
from litestar import Request
from litestar.datastructures import State

# Browsers name each other in their User-Agent, so the first of these counts. Who pretends to be another is believed.
_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\b(?:OPR|OPT|Opera)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("DuckDuckGo", r"\b(?:DuckDuckGo|Ddg)/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/[\d.]+ (?:Mobile/\w+ )?Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMac(?:intosh| OS X)\b"),
    ("Linux", r"\bLinux\b"),
)
_LONGEST = 1024
_SHORTENED = {4: 24, 6: 48}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody signs in. What cannot be told is None."""

    client_id: str | None
    browser: str | None = None
    system: str | None = None
    network: str | None = None


def address_of(request: Request[None, None, State]) -> str:
    """Where a request comes from, as far as it can be told."""
    return request.client.host if request.client is not None else "unknown"


def origin_of(client_id: str | None, user_agent: str, address: str) -> Origin:
    """What is kept of where a request comes from; the User-Agent and the whole address are not."""
    agent = user_agent[:_LONGEST]
    return Origin(
        client_id=client_id,
        browser=_first(_BROWSERS, agent),
        system=_first(_SYSTEMS, agent),
        network=shortened(address),
    )


def shortened(address: str) -> str | None:
    """The network that an address is of: enough to know one's own provider, too little to find a house."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return str(ip_network((parsed, _SHORTENED[parsed.version]), strict=False))


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for name, pattern in known if re.search(pattern, agent)), None)
