"""The steps of a second factor: each takes a form that has been proved ours, and shows the next page or leaves."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from litestar import Response

from kolofon.identity import queries as accounts
from kolofon.identity import sentences
from kolofon.identity.notices.service import notify
from kolofon.identity.oauth.queries import use_once
from kolofon.identity.pages import signing_in
from kolofon.identity.pages.entries import DECLINED, SECOND_FACTOR
from kolofon.identity.pages.flows import Flow, Second, Step, ToLink
from kolofon.identity.pages.visits import Visit
from kolofon.identity.queries import Session
from kolofon.identity.redirects import redirect
from kolofon.identity.second_factors import queries
from kolofon.identity.second_factors.service import BY_CODE, BY_PASSKEY, SEVERAL, with_methods
from kolofon.platform.database import Connection
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import hash_secret

_OVER = "Please sign in again."
Action = Callable[[Visit], Awaitable[Response[Any]]]


class _Over(Exception):
    """This sign-in leads nowhere any more; what was written on the way is taken back."""


class StartPage(Protocol):
    """The first page of a sign-in, with what is wrong."""

    def __call__(self, visit: Visit, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
        """Show it."""
        ...


class SecondSteps:
    """What the buttons do; `start_page` is where a sign-in begins anew."""

    def __init__(self, start_page: StartPage) -> None:
        self._start_page = start_page
        steps: dict[str, Action] = {
            "passkey": self.sign_in_by_passkey,
            "second_factor": self.enter_code,
            "second_passkey": self.show_passkey,
            "recovery": self.enter_recovery_code,
            "by_recovery": self.by_recovery,
            "by_factor": self.by_factor,
            "set_up": self.set_up_app,
            "set_up_passkey": self.set_up_passkey,
            "decline": self.decline,
        }
        self.actions: dict[str, Action] = {name: self._or_start_anew(step) for name, step in steps.items()}

    async def sign_in_by_passkey(self, visit: Visit) -> Response[Any]:
        """A passkey alone: the key and what unlocks it are two factors."""
        factors = visit.server.second_factors
        await factors.throttle_tries(visit.address)
        async with visit.server.pool().acquire() as connection, connection.transaction():
            passkey = await factors.passkeys.show(connection, visit.form.get("passkey", ""), visit.browser)
            session = await self._session_of(visit, connection, passkey) if passkey is not None else None
            if session is not None:
                return await signing_in.complete(visit, connection, session, visit.wants_remembering)
        return self._start_page(visit, {"": visit.text(sentences.NO_PASSKEY)}, 400)

    async def enter_code(self, visit: Visit) -> Response[Any]:
        """A code from the app."""
        flow, second = _at(visit, "second_factor")
        if flow is None or second is None:
            return self._start_page(visit)
        unique_id = second.session.unique_id
        await visit.server.second_factors.throttle_tries(visit.address, unique_id)
        async with visit.server.pool().acquire() as connection, connection.transaction():
            # Whoever changes factors or password comes before or after this, and locks the account first as well.
            await accounts.hold_account(connection, unique_id)
            tried = await visit.server.second_factors.enter_code(connection, unique_id, visit.form.get("code", ""))
            if tried.fits:
                return await self._finish(visit, connection, flow, second, BY_CODE)
        if tried.wait is not None:
            minutes = int(tried.wait.total_seconds() // 60) + 1
            text = visit.text("Too many wrong codes. Please wait %(minutes)s min, or use a recovery code.")
            return signing_in.second_page(visit, flow, {"code": text % {"minutes": minutes}}, 429)
        return signing_in.second_page(visit, flow, {"code": visit.text(sentences.NO_APP_CODE)}, 400)

    async def show_passkey(self, visit: Visit) -> Response[Any]:
        """One of the account's passkeys."""
        flow, second = _at(visit, "second_factor")
        if flow is None or second is None:
            return self._start_page(visit)
        factors, unique_id = visit.server.second_factors, second.session.unique_id
        await factors.throttle_tries(visit.address, unique_id)
        async with visit.server.pool().acquire() as connection, connection.transaction():
            answer = visit.form.get("passkey", "")
            if await factors.passkeys.show(connection, answer, visit.browser, unique_id) is not None:
                return await self._finish(visit, connection, flow, second, BY_PASSKEY)
        return signing_in.second_page(visit, flow, {"": visit.text(sentences.NO_PASSKEY)}, 400)

    async def enter_recovery_code(self, visit: Visit) -> Response[Any]:
        """One of the codes that were kept for this."""
        flow, second = _at(visit, "recovery")
        if flow is None or second is None:
            return self._start_page(visit)
        factors, unique_id = visit.server.second_factors, second.session.unique_id
        await factors.throttle_tries(visit.address, unique_id)
        typed, client_id = visit.form.get("recovery_code", ""), visit.entry.client.client_id
        async with visit.server.pool().acquire() as connection, connection.transaction():
            await accounts.hold_account(connection, unique_id)
            if await factors.enter_recovery_code(connection, unique_id, client_id, typed):
                await notify(connection, visit.now, unique_id, visit.notice("recoveryCodeUsed"))
                return await self._finish(visit, connection, flow, second, BY_CODE)
        text = visit.text("That is not one of your recovery codes, or it has been used.")
        return signing_in.second_page(visit, flow, {"recovery_code": text}, 400)

    async def by_recovery(self, visit: Visit) -> Response[Any]:
        """The page for a recovery code."""
        return self._at_step(visit, "second_factor", "recovery")

    async def by_factor(self, visit: Visit) -> Response[Any]:
        """Back from it."""
        return self._at_step(visit, "recovery", "second_factor")

    async def set_up_app(self, visit: Visit) -> Response[Any]:
        """The first code of an app that was given the secret of the page."""
        return await self._set_up(visit, "code", sentences.NO_APP_CODE)

    async def set_up_passkey(self, visit: Visit) -> Response[Any]:
        """A passkey that was made on the page."""
        return await self._set_up(visit, "", sentences.NO_PASSKEY)

    async def decline(self, visit: Visit) -> Response[Any]:
        """Go on without, where that is allowed; the authorization endpoint tells the client what it means."""
        flow = visit.flow
        if flow is None or flow.second is None:
            return self._start_page(visit)
        if visit.entry.is_authorization:
            return redirect(f"{visit.entry.done_url}&{SECOND_FACTOR}={DECLINED}", 303)
        return redirect(visit.entry.cancel_url or visit.entry.done_url, 303)

    async def _set_up(self, visit: Visit, field: str, problem: str) -> Response[Any]:
        flow, second = _at(visit, "set_up")
        if flow is None or second is None:
            return self._start_page(visit)
        factors, unique_id = visit.server.second_factors, second.session.unique_id
        await factors.throttle_tries(visit.address, unique_id)
        client_id = visit.entry.client.client_id
        async with visit.server.pool().acquire() as connection, connection.transaction():
            await accounts.lock_account(connection, unique_id)
            if (await factors.held(connection, unique_id)).any:
                # Set up somewhere else meanwhile. This sign-in has not shown that one.
                raise _Over
            if field:
                typed = visit.form.get("code", "")
                is_added = await factors.add_totp(connection, unique_id, client_id, second.secret, typed)
            else:
                answer, name = visit.form.get("passkey", ""), visit.text("Passkey")
                is_added = await factors.add_passkey(connection, unique_id, client_id, answer, visit.browser, name)
            if is_added:
                codes = await factors.new_recovery_codes(connection, unique_id, client_id)
                what = visit.text("App for codes") if field else visit.text("Passkey")
                await notify(connection, visit.now, unique_id, visit.notice("secondFactorAdded", detail=what))
                methods = BY_CODE if field else BY_PASSKEY
                return await self._finish(visit, connection, flow, second, methods, codes)
        return signing_in.second_page(visit, flow, {field: visit.text(problem)}, 400)

    async def _finish(
        self,
        visit: Visit,
        connection: Connection,
        flow: Flow,
        second: Second,
        methods: tuple[str, ...],
        codes: list[str] | None = None,
    ) -> Response[Any]:
        """From both factors to a session; or to the new password that they were asked for."""
        session = with_methods(second.session, methods)
        if flow.purpose == "password":
            shown = msgspec.structs.replace(second, session=session)
            later = msgspec.structs.replace(visit.step_on(flow, "new_password"), second=shown)
            return visit.show("new_password.html", flow=later, credential=flow.credential)
        if second.stepping_up and not await self._is_there(visit, connection, session):
            raise _Over
        if not await use_once(connection, _used_hash(flow), flow.expires_at):
            raise _Over
        try:
            cookies = await signing_in.begin(visit, connection, session, flow.remember)
        except InvalidRequest:
            # The account has been closed meanwhile, or the password that was shown is another one now.
            raise _Over from None
        if second.to_link is not None:
            await self._link(visit, connection, second.to_link, session)
        if codes is None:
            return redirect(visit.entry.done_url, 303, cookies)
        answer = visit.show("recovery_codes.html", codes=codes, done_url=visit.entry.done_url)
        for cookie in cookies:
            answer.set_cookie(cookie)
        return answer

    async def _link(self, visit: Visit, connection: Connection, to_link: ToLink, session: Session) -> None:
        """Link the provider's user that the first factor was, unless it is another account's by now."""
        external = visit.server.external
        partner = visit.server.catalogue.current.partner(visit.entry.client.partner_id)
        provider = external.providers.find(to_link.provider_code, partner.code)
        if provider is not None:
            notice = visit.notice("providerLinked", provider.name)
            await external.linking.link(connection, notice, provider, to_link.told, session.unique_id)

    async def _is_there(self, visit: Visit, connection: Connection, session: Session) -> bool:
        """Whether the session that is stepped up is still this browser's; nobody ends or steps it up meanwhile."""
        found = await accounts.lock_session(connection, hash_secret(visit.session_id or ""), visit.now)
        return found == (session.unique_id, session.session_id)

    async def _session_of(self, visit: Visit, connection: Connection, passkey: queries.Passkey) -> Session | None:
        wanted = visit.entry.wanted_credential
        preferred = [wanted] if wanted is not None else []
        credential = await accounts.best_credential(connection, passkey.unique_id, preferred)
        account = await accounts.hold_account(connection, passkey.unique_id)
        if credential is None or account is None or account.disabled:
            return None
        return Session(passkey.unique_id, credential, visit.now, [*BY_PASSKEY, SEVERAL])

    def _or_start_anew(self, step: Action) -> Action:
        async def act(visit: Visit) -> Response[Any]:
            try:
                return await step(visit)
            except _Over:
                return self._start_page(visit, {"": visit.text(_OVER)}, 400)

        return act

    def _at_step(self, visit: Visit, now: Step, then: Step) -> Response[Any]:
        flow, second = _at(visit, now)
        if flow is None or second is None:
            return self._start_page(visit)
        return signing_in.second_page(visit, msgspec.structs.replace(flow, step=then))


def _at(visit: Visit, step: Step) -> tuple[Flow | None, Second | None]:
    flow = visit.flow
    return (flow, flow.second) if flow is not None and flow.step == step else (None, None)


def _used_hash(flow: Flow) -> bytes:
    return hash_secret(f"second step {flow.code_id.hex}")
