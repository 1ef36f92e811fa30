"""What a reader sees: the code is typed, then a sign-in if there is none, then the question, then what came of it.

Nothing happens by opening a link. The question is asked only in the browser in which the code was typed, which a
sealed value says that no other browser can use.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response

from kolofon.catalogue.memory import Client
from kolofon.identity import sentences
from kolofon.identity.consent.words import scope_words
from kolofon.identity.device.queries import WaitingDevice, find_waiting
from kolofon.identity.device.rfc8628 import read_user_code, shown_user_code
from kolofon.identity.login_server import LoginServer
from kolofon.identity.origins import address_of
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.visits import HttpRequest, query_of
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session, hold_session
from kolofon.identity.redirects import redirect
from kolofon.platform.database import Connection
from kolofon.platform.errors import TooManyRequests
from kolofon.platform.i18n import translations
from kolofon.platform.ids import hash_secret
from kolofon.platform.sealing import seal_value, unseal_value

# Signing in may take a while; the device's own code ends sooner or later than this by itself.
_OPEN_FOR = timedelta(minutes=10)


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """That a code was typed in a browser; `reader` is whom the question was shown to, in hex."""

    device_hash: bytes
    user_code: str
    browser: str
    expires_at: datetime
    reader: str | None = None


class DevicePage:
    """A browser at the page for devices."""

    def __init__(self, request: HttpRequest, login_server: LoginServer) -> None:
        self._server = login_server
        self._request = request
        self._browser = browser_of(request, login_server)
        self._base = prefix_of(request)
        self._language = chosen_language(request)
        self._secret = request.cookies.get(login_server.sessions.cookie_name)

    def start(self, user_code: str, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
        """The form for the code. One that came by a link is in the field, and still has to be sent."""
        return self._show("device_code.html", None, errors, status, user_code=user_code[:40])

    def too_late(self, user_code: str = "") -> Response[Any]:
        """The form for the code again, after one that is not this browser's, or too old."""
        text = self.gettext(sentences.TOO_LONG_OPEN)
        return self.start(user_code, {"": text}, 400)

    async def enter(self, text: str) -> Response[Any]:
        """Go on with a code that was typed: by way of the sign-in page, which lets pass who is signed in."""
        session = await self._session()
        try:
            await self._server.devices.throttle_tries(address_of(self._request), session)
        except TooManyRequests:
            wait = self.gettext(sentences.TOO_OFTEN)
            return self.start(text, {"": wait}, 429)
        code = read_user_code(text)
        device = None
        if code is not None:
            async with self._server.pool().acquire() as connection:
                device = await self._server.devices.find(connection, code)
        client = self._client_of(device)
        if code is None or device is None or client is None:
            return self._unknown_code(text)
        typed = Typed(
            device_hash=device.device_hash,
            user_code=code,
            browser=self._browser,
            expires_at=min(device.expires_at, self._server.clock.now() + _OPEN_FOR),
        )
        return self._sign_in(client, typed)

    async def ask(self, sealed: str) -> Response[Any]:
        """The question, for who has typed the code in this browser and is signed in."""
        typed = self._read(sealed)
        if typed is None:
            return self.too_late()
        session = await self._session()
        async with self._server.pool().acquire() as connection:
            device = await find_waiting(connection, typed.device_hash, self._server.clock.now())
            client = self._client_of(device)
            if device is None or client is None:
                return self._unknown_code(shown_user_code(typed.user_code))
            is_enough = session is not None and await self._is_enough(connection, client, session)
        if session is None or not is_enough:
            return self._sign_in(client, typed)
        return self._question(client, device, typed, session)

    async def answer(self, sealed: str, permitted: bool) -> Response[Any]:
        """The reader's word. It is the word of who was asked: after a change of readers the question comes again."""
        typed = self._read(sealed)
        if typed is None or typed.reader is None:
            return self.too_late()
        session = await self._session()
        if session is None or session.unique_id.hex != typed.reader:
            return redirect(self._url(typed), 303)
        devices, now = self._server.devices, self._server.clock.now()
        async with self._server.pool().acquire() as connection, connection.transaction():
            # Whoever ends the session at this moment, as by a new password, ends what it gives as well.
            if not await hold_session(connection, hash_secret(self._secret or ""), now):
                return redirect(self._url(typed), 303)
            client = self._client_of(await find_waiting(connection, typed.device_hash, now))
            if client is None:
                return self._unknown_code(shown_user_code(typed.user_code))
            if not await self._is_enough(connection, client, session):
                return redirect(self._url(typed), 303)
            if permitted:
                is_decided = await devices.permit(connection, typed.device_hash, client, session)
            else:
                is_decided = await devices.deny(connection, typed.device_hash, session)
            if not is_decided:
                return self._unknown_code(shown_user_code(typed.user_code))
        return self._done(client, permitted)

    def _question(self, client: Client, device: WaitingDevice, typed: Typed, session: Session) -> Response[Any]:
        asked = msgspec.structs.replace(typed, reader=session.unique_id.hex)
        again = self._sign_in_url(client, typed) + "&prompt=login"
        words = []
        if client.third_party:
            # This page is the consent as well; it is asked for each device anew, so nothing is remembered.
            partner = self._server.catalogue.current.partner(client.partner_id)
            words = scope_words(device.scope.split(), partner.name, self._language)
        return self._show(
            "device_question.html",
            client,
            ask=self._seal(asked),
            user_code=shown_user_code(typed.user_code),
            credential=session.credential,
            words=words,
            other_url=again,
        )

    def _done(self, client: Client, permitted: bool) -> Response[Any]:
        if permitted:
            heading = self.gettext("Your device is signed in")
            text = self.gettext("You can close this page and go on there. Your account page shows who has access.")
        else:
            heading = self.gettext("The device was not signed in")
            text = self.gettext(
                "If somebody asked you to type the code, they may have wanted to get into your account."
            )
        return self._show("message.html", client, heading=heading, text=text, detail="")

    def _unknown_code(self, text: str) -> Response[Any]:
        problem = self.gettext("No device waits with this code. Check it, or let the device show a new one.")
        return self.start(text, {"user_code": problem}, 400)

    def _sign_in(self, client: Client, typed: Typed) -> Response[Any]:
        return redirect(self._sign_in_url(client, typed), 303)

    def _sign_in_url(self, client: Client, typed: Typed) -> str:
        members = {
            "clientId": client.client_id,
            "returnUrl": self._url(typed),
            "errorUrl": self._own(user_code=shown_user_code(typed.user_code)),
        }
        return f"{self._server.settings.public_url}{self._base}/login?{urlencode(members)}"

    def _url(self, typed: Typed) -> str:
        """Where the question is asked."""
        return self._own(ask=self._seal(msgspec.structs.replace(typed, reader=None)))

    def _own(self, **members: str) -> str:
        return f"{self._server.settings.public_url}{self._base}/device?{urlencode(members)}"

    def _client_of(self, device: WaitingDevice | None) -> Client | None:
        client = self._server.catalogue.current.clients.get(device.client_id) if device is not None else None
        usable = client is not None and not client.disabled and "device_code" in client.grant_types
        return client if usable else None

    async def _is_enough(self, connection: Connection, client: Client, session: Session) -> bool:
        """Whether the reader has shown what the client's partner wants of its staff; the sign-in page asks for it."""
        catalogue = self._server.catalogue.current
        return not await self._server.second_factors.are_missing(connection, catalogue, client, session)

    async def _session(self) -> Session | None:
        return await self._server.sessions.visit(self._server.pool(), self._secret)

    def _seal(self, typed: Typed) -> str:
        return seal_value(self._server.device_key, typed)

    def _read(self, sealed: str) -> Typed | None:
        """What was sealed for this browser, if it is not too old."""
        typed = unseal_value(self._server.device_key, sealed, Typed)
        if typed is None or typed.browser != self._browser:
            return None
        return typed if self._server.clock.now() < typed.expires_at else None

    def gettext(self, sentence: str) -> str:
        """A sentence in the page's language."""
        return translations(self._language).gettext(sentence)

    def _show(
        self,
        template: str,
        client: Client | None,
        errors: dict[str, str] | None = None,
        status: int = 200,
        **values: Any,
    ) -> Response[Any]:
        viewer = Viewer(
            server=self._server,
            browser=self._browser,
            language=self._language,
            chose_language=self._request.query_params.get("lang") == self._language,
            base=self._base,
        )
        form = Form(path="device", address=query_of(self._request), errors=errors or {})
        return form_page(template, viewer, client, form, status, **values)
