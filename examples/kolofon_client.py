"""What a publisher's site needs of Kolofon: tokens, kept fresh, and calls of the API. Only the standard library.

Every setting can be changed by an environment variable of the same name.
"""

import json
import os
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8080")
LOGIN_SERVER = os.environ.get("LOGIN_SERVER", "http://127.0.0.1:8000/user")
API_SERVER = os.environ.get("API_SERVER", "http://127.0.0.1:8000/capi")
CLIENT_ID = os.environ.get("CLIENT_ID", "no.fjordposten.web")
CLIENT_SECRET = os.environ.get("CLIENT_SECRET", "demo-secret-of-fjordposten-web")
CALLBACK = f"{SITE_URL}/callback"
OFFER = ("DIGITAL", 1)  # code and number of a coupon
# A token that would end under way is refreshed before it does.
SECONDS_EARLY = int(os.environ.get("SECONDS_EARLY", "10"))


class Unreachable(Exception):
    """Kolofon does not answer, or not as expected."""


class SignedOut(Exception):
    """The reader has to sign in again."""


@dataclass
class Tokens:
    """A token answer, and when its access token ends. `refresh` is how a new one is asked for."""

    refresh: dict[str, str]
    access_token: str = ""
    expires_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, answer: dict[str, Any]) -> None:
        """Take over an answer of the token endpoint."""
        self.access_token = answer["access_token"]
        self.expires_at = time.time() + answer["expires_in"] - SECONDS_EARLY
        if "refresh_token" in answer:
            self.refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call the API; raises SignedOut when there is no token that it accepts."""
        with self.lock:
            if time.time() >= self.expires_at:
                status, answer = _oauth("token", self.refresh)
                if status != 200:
                    raise SignedOut
                self.keep(answer)
        headers = {"Authorization": f"Bearer {self.access_token}", "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        status, answer = _send(Request(f"{API_SERVER}{path}", data, headers, method=method))  # noqa: S310
        if status == 401:
            raise SignedOut
        return status, answer

    def revoke(self) -> None:
        """Give the tokens back: they work nowhere any more."""
        _oauth("revoke", {"token": self.refresh["refresh_token"]})


# The site's own token, for questions about visitors who are not signed in.
site_tokens = Tokens({"grant_type": "client_credentials"})


def authorization_url(state: str, verifier: str) -> str:
    """Where to send a browser that wants to sign in (RFC 6749, section 4.1, with RFC 7636)."""
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": "read",
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{LOGIN_SERVER}/oauth/authorize?{urlencode(query)}"


def new_verifier() -> str:
    """A new code verifier."""
    return token_urlsafe(48)


def trade_code(code: str, verifier: str) -> Tokens:
    """The tokens for a code; raises SignedOut when the code is not accepted."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    status, answer = _oauth("token", form)
    if status != 200:
        raise SignedOut
    tokens = Tokens({})
    tokens.keep(answer)
    return tokens


def check_access(article_id: str, product: str, reader: Tokens | None, address: str | None) -> tuple[bool, list[Any]]:
    """Whether a visitor may read an article that comes with a product, and why.

    The criteria of one request are combined with AND, so each way in is a request of its own: the article itself, the
    product (or the domain of the reader's e-mail address), and the address the visitor comes from, where that counts. A
    check by address alone may be made for anybody, and is about no product.
    """
    ways: list[tuple[Tokens, str, dict[str, Any]]] = []
    if reader is not None:
        ways.append((reader, "customer", {"articleId": article_id}))
        ways.append((reader, "customer", {"product": product, "accessDomain": True}))
    if address is not None:
        ways.append((site_tokens, "client", {"ip": address}))
    reasons: list[Any] = []
    for tokens, mode, question in ways:
        status, answer = tokens.call("POST", f"/v1/{mode}/access?explain=true", question)
        if status != 200:
            raise Unreachable
        if answer["access"]:
            return True, answer["explanation"]
        reasons += answer["explanation"]
    return False, reasons


def offer() -> dict[str, Any]:
    """What a visitor who does not subscribe is offered: a coupon of the digital edition."""
    code, number = OFFER
    status, answer = site_tokens.call("GET", f"/v1/client/coupon/{code}/{number}")
    if status != 200 or not answer["coupons"]:
        raise Unreachable
    found: dict[str, Any] = answer["coupons"][0]
    return found


def buy(reader: Tokens, postal_code: str) -> str | None:
    """Order the offer for a reader, who gets an invoice; returns what is wrong with the order, if anything.

    The order is the reader's, so it is registered with the reader's token. The site completes it with its own: nothing
    has to be paid first. The product is opened at once, for as long as the order is under way.
    """
    _, profile = reader.call("GET", "/v1/user/profile")
    login = profile["loginCredential"]
    kind = "emails" if login["credentialType"] == "email" else "phoneNumbers"
    code, number = OFFER
    line = {
        "productSpecType": "coupon",
        "productSpecCode": code,
        "productSpecNo": number,
        "allowAccessProduct": "FP-DIGITAL",
        "allowAccessSeconds": 600,
    }
    payer = profile["name"] | {"postalCode": postal_code, kind: [login["credential"]]}
    order = {"paymentMethod": "invoice", "payer": payer, "orderLines": [line]}
    status, answer = reader.call("POST", "/v1/order", order)
    if status == 200:
        status, answer = site_tokens.call("POST", "/v1/client/order/fulfillment", {"orderId": answer["orderId"]})
    if status != 200:
        return str(answer["errorMessage"])
    return None if answer["fulfillmentStatus"] == "OK" else str(answer["errorMessage"])


def _oauth(endpoint: str, form: dict[str, str]) -> tuple[int, Any]:
    basic = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    return _send(Request(f"{LOGIN_SERVER}/oauth/{endpoint}", urlencode(form).encode(), headers))  # noqa: S310


def _send(request: Request) -> tuple[int, Any]:
    """Status and JSON of an answer. Raises Unreachable for none, and for one that asks to come back later."""
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310  # the URLs are the site's own settings
            return answer.status, json.loads(answer.read() or b"null")
    except HTTPError as error:
        with error:
            if error.code >= 500 or error.code == 429:
                raise Unreachable from None
            return error.code, json.loads(error.read() or b"null")
    except (OSError, ValueError):
        raise Unreachable from None
