"""A tiny publisher's site whose readers sign in with Kolofon. It needs Python and nothing else.

Start Kolofon with its demo publishers (`make demo`), then `python3 examples/publisher_site.py`, and open
http://127.0.0.1:8080. A real site does the same with its own framework: authorization code with PKCE and state, Check
access before an article is shown, a refresh when the token has expired, an order from who does not subscribe.

The settings are in kolofon_client.py. VISITOR_IP pretends that all visitors come from another address, such as
192.0.2.7, which is the demo publisher's library.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import kolofon_client as kolofon
import site_pages as pages
from kolofon_client import LOGIN_SERVER, SITE_URL, SignedOut, Tokens, Unreachable

VISITOR_IP = os.environ.get("VISITOR_IP")
PRIVACY = "/v1/customer/privacy/FP"
COOKIE = "fjordposten"
MOST_SESSIONS = 10_000
LONGEST_FORM = 10_000
STYLE = (Path(__file__).parent / "publisher_site.css").read_bytes()
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

Query = dict[str, list[str]]


@dataclass
class SigningIn:
    """A browser on its way through the sign-in page."""

    back_to: str
    state: str = field(default_factory=token_urlsafe)
    verifier: str = field(default_factory=kolofon.new_verifier)


@dataclass
class Session:
    """A browser that has signed in. Its tokens never leave the server."""

    tokens: Tokens
    name: str
    form_token: str = field(default_factory=token_urlsafe)


sessions: dict[str, SigningIn | Session] = {}


class Site(BaseHTTPRequestHandler):
    """One request of a browser."""

    server_version = "Fjordposten"
    sys_version = ""

    def do_GET(self) -> None:  # the name that http.server calls
        """Show a page."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Do what a form of ours asks."""
        self._answer(self._post)

    def _answer(self, work: Callable[[str, Query], None]) -> None:
        url = urlsplit(self.path)
        try:
            work(url.path, parse_qs(url.query, keep_blank_values=True))
        except SignedOut:
            sessions.pop(self._session_id(), None)
            self._redirect("/logg-inn")
        except Unreachable:
            text = "Vi får ikke svar akkurat nå. Prøv igjen om litt."
            self._page("Noe gikk galt", pages.message_page("Noe gikk galt", text), 502)

    def _get(self, path: str, query: Query) -> None:
        article_id = path.removeprefix("/artikkel/")
        if path == "/":
            self._page("Fjordposten", pages.front_page())
        elif path.startswith("/artikkel/") and article_id in pages.ARTICLES:
            self._article(article_id)
        elif path == "/logg-inn":
            self._sign_in(query.get("artikkel", [""])[0])
        elif path == "/callback":
            self._callback({name: values[0] for name, values in query.items()})
        elif path == "/personvern":
            self._privacy("lagret" in query)
        elif path == "/stil.css":
            self._send(200, STYLE, "text/css; charset=utf-8")
        else:
            self._page("Ikke funnet", pages.message_page("Siden finnes ikke", "Adressen fører ikke til noe her."), 404)

    def _article(self, article_id: str) -> None:
        article = pages.ARTICLES[article_id]
        session = self._session()
        if article.product is None:
            self._page(article.title, pages.article_page(article, []))
            return
        tokens = session.tokens if session is not None else None
        address = (VISITOR_IP or self.client_address[0]) if article.on_site else None
        access, reasons = kolofon.check_access(article_id, article.product, tokens, address)
        if access:
            self._page(article.title, pages.article_page(article, reasons))
        else:
            self._page(article.title, self._paywall(article_id, session, reasons))

    def _paywall(self, article_id: str, session: Session | None, reasons: list[Any]) -> str:
        if session is None or pages.ARTICLES[article_id].product != "FP-DIGITAL":
            return pages.paywall_page(article_id, session is not None, reasons)
        return pages.shop_page(article_id, kolofon.offer(), session.form_token, reasons)

    def _sign_in(self, article_id: str) -> None:
        signing_in = SigningIn(f"/artikkel/{article_id}" if article_id in pages.ARTICLES else "/")
        url = kolofon.authorization_url(signing_in.state, signing_in.verifier)
        self._redirect(url, cookie=self._remember(signing_in))

    def _callback(self, answer: dict[str, str]) -> None:
        """Trade the code for tokens, if this browser asked for it and it is our login server that answers."""
        asked = sessions.pop(self._session_id(), None)
        if (
            not isinstance(asked, SigningIn)
            or not compare_digest(asked.state.encode(), answer.get("state", "").encode())
            or answer.get("iss") != LOGIN_SERVER
            or "code" not in answer
        ):
            text = "Vi fikk ikke logget deg inn."
            self._page("Innlogging", pages.message_page("Prøv igjen", text, ("/logg-inn", "Logg inn")), 400)
            return
        tokens = kolofon.trade_code(answer["code"], asked.verifier)
        _, profile = tokens.call("GET", "/v1/user/profile")
        name = profile["name"]
        person = " ".join(name[part] for part in ("firstName", "lastName") if part in name)
        shown = person or name.get("companyName") or profile["loginCredential"]["credential"]
        # A new id: who knew the one that went through the sign-in page does not get in with it.
        self._redirect(asked.back_to, cookie=self._remember(Session(tokens, shown)))

    def _privacy(self, saved: bool) -> None:
        session = self._session()
        if session is None:
            raise SignedOut
        status, answer = session.tokens.call("GET", PRIVACY)
        if status == 200:
            permitted = {entry["purpose"] for entry in answer["permission"]}
            self._page("Personvern", pages.privacy_page(permitted, session.form_token, saved))
        else:
            text = "Kontoen din er ikke knyttet til et kundeforhold i Fjordposten."
            self._page("Personvern", pages.message_page("Personvern", text))

    def _post(self, path: str, _query: Query) -> None:
        form = self._form()
        session = self._session()
        # Only our own pages know the session's token: no other site can send this form in the reader's name.
        if session is None or not compare_digest(
            session.form_token.encode(), dict(form).get("form_token", "").encode()
        ):
            text = "Siden sto åpen for lenge. Logg inn og prøv igjen."
            self._page("Prøv igjen", pages.message_page("Prøv igjen", text, ("/logg-inn", "Logg inn")), 403)
        elif path == "/personvern":
            permitted = [{"purpose": value} for name, value in form if name == "purpose" and value in pages.PURPOSES]
            session.tokens.call("POST", PRIVACY, {"permission": permitted})
            self._redirect("/personvern?lagret")
        elif path == "/kjop":
            self._buy(session, dict(form))
        elif path == "/logg-ut":
            sessions.pop(self._session_id(), None)
            session.tokens.revoke()
            self._redirect("/", cookie=f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
        else:
            self._page("Ikke funnet", pages.message_page("Siden finnes ikke", "Adressen fører ikke til noe her."), 404)

    def _buy(self, session: Session, form: dict[str, str]) -> None:
        back_to = f"/artikkel/{form.get('artikkel', '')}"
        problem = kolofon.buy(session.tokens, form.get("postnummer", ""))
        if problem is None:
            self._redirect(back_to)
        else:
            self._page("Bestilling", pages.message_page("Det gikk ikke", problem, (back_to, "Prøv igjen")), 400)

    def _form(self) -> list[tuple[str, str]]:
        length = self.headers.get("Content-Length", "")
        size = min(int(length), LONGEST_FORM) if length.isdecimal() else 0
        return parse_qsl(self.rfile.read(size).decode("utf-8", "replace"))

    def _remember(self, entry: SigningIn | Session) -> str:
        """Keep an entry under a new id; returns the cookie."""
        session_id = token_urlsafe(32)
        sessions[session_id] = entry
        for oldest in list(sessions)[:-MOST_SESSIONS]:
            sessions.pop(oldest, None)
        secure = "; Secure" if SITE_URL.startswith("https://") else ""
        return f"{COOKIE}={session_id}; Path=/; HttpOnly; SameSite=Lax{secure}"

    def _session_id(self) -> str:
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return ""
        return cookie.value if cookie is not None else ""

    def _session(self) -> Session | None:
        session = sessions.get(self._session_id())
        return session if isinstance(session, Session) else None

    def _page(self, title: str, main: str, status: int = 200) -> None:
        session = self._session()
        account = '<a href="/logg-inn">Logg inn</a>'
        if session is not None:
            account = pages.account(session.name, session.form_token)
        self._send(status, pages.document(title, main, account).encode(), "text/html; charset=utf-8")

    def _redirect(self, location: str, cookie: str | None = None) -> None:
        headers = {"Location": location} | ({"Set-Cookie": cookie} if cookie is not None else {})
        self._send(303, b"", "text/plain", headers)

    def _send(self, status: int, body: bytes, media_type: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses and paths are people's."""


def main() -> None:
    """Serve until Ctrl-C."""
    where = urlsplit(SITE_URL)
    server = ThreadingHTTPServer((where.hostname or "127.0.0.1", where.port or 80), Site)
    sys.stdout.write(f"Fjordposten is at {SITE_URL}; readers sign in at {LOGIN_SERVER}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
