"""What signing in through other providers needs, built once a process."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from kolofon.identity.external_sign_in import queries
from kolofon.identity.external_sign_in.exchange import Exchange
from kolofon.identity.external_sign_in.linking import Linking
from kolofon.identity.external_sign_in.outgoing import GivenUp, Outgoing, ProviderDown, ProviderRefused
from kolofon.identity.external_sign_in.providers import Provider, Providers
from kolofon.identity.external_sign_in.queries import Handover, Waiting
from kolofon.identity.external_sign_in.told import Told
from kolofon.identity.throttling import Throttle
from kolofon.platform.callers import Limits
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection, Pool
from kolofon.platform.errors import InvalidRequest
from kolofon.platform.ids import hash_secret, new_secret
from kolofon.platform.sealing import SealBroken, derive, seal, unseal

LIFETIME = timedelta(minutes=10)
# RFC 8176 and its registry have no word for it: which methods the other server used is that one's to say.
METHOD = "fed"
# It is kept until the browser comes back, and anybody can leave.
_LONGEST_QUERY = 8000
_PER_ADDRESS = Limits(per_second=10, per_minute=60)
_IN_ALL = Limits(per_second=100, per_minute=3000)


class ExternalSignIn:
    """Sends browsers to providers and takes them back."""

    def __init__(
        self, providers: Providers, public_url: str, clock: Clock, throttle: Throttle, key: bytes, outgoing: Outgoing
    ) -> None:
        self.providers = providers
        self.linking = Linking(clock)
        self._clock = clock
        self._throttle = throttle
        self._answer_key = derive(key, "what came by form")
        self._exchanges = {
            provider.code: Exchange(provider, outgoing, clock, key, callback_url(public_url, provider.code))
            for provider in providers
        }

    def exchange(self, provider: Provider) -> Exchange:
        """What talks to a provider."""
        return self._exchanges[provider.code]

    async def begin(self, pool: Pool, provider: Provider, browser: str, address: str, waiting: Waiting) -> str:
        """Where the browser is sent; raises TooManyRequests, ProviderDown."""
        if len(waiting.query) > _LONGEST_QUERY:
            raise InvalidRequest(f"the address has more than {_LONGEST_QUERY} characters")
        await self._throttle.by_address("external sign-in", address, _PER_ADDRESS)
        await self._throttle.take("external sign-in", _IN_ALL)
        state, now = new_secret(), self._clock.now()
        url = await self.exchange(provider).request_url(state)
        async with pool.acquire() as connection:
            await queries.add_request(connection, _hashes(state, browser), provider.code, waiting, now, now + LIFETIME)
        return url

    async def take_back(self, pool: Pool, provider_code: str, state: str, browser: str) -> Waiting | None:
        """What the browser was sent for; None when it was not, too long ago, or came back before."""
        async with pool.acquire() as connection:
            # Committed at once: whatever becomes of the answer, the state has been used.
            return await queries.take_request(connection, _hashes(state, browser), provider_code, self._clock.now())

    async def told(self, provider: Provider, answer: Mapping[str, str]) -> Told:
        """What comes of a provider's answer; raises GivenUp, ProviderRefused, ProviderDown."""
        exchange = self.exchange(provider)
        await exchange.check_origin(answer)
        if answer.get("error") == "access_denied":
            raise GivenUp
        if "code" not in answer or "error" in answer:
            raise ProviderRefused(answer.get("error", "no code")[:100])
        return await exchange.told(answer["state"], answer["code"], _user(self.shown(answer.get("user", ""))))

    async def hand_over(self, pool: Pool, provider: Provider, browser: str, waiting: Waiting, told: Told) -> str:
        """Keep what was told for the session that asked for it in this browser; returns the secret to find it by."""
        secret, now = new_secret(), self._clock.now()
        kept = msgspec.to_builtins(told)
        async with pool.acquire() as connection:
            await queries.add_request(
                connection, _handover_hashes(secret, browser), provider.code, waiting, now, now + LIFETIME, kept
            )
        return secret

    async def look_at_handover(
        self, connection: Connection, secret: str, browser: str, session_id: str
    ) -> tuple[Provider, Told] | None:
        """What was told, to ask the reader about it."""
        now = self._clock.now()
        found = await queries.find_handover(connection, _handover_hashes(secret, browser), session_id, now)
        return self._told_again(found)

    async def take_handover(
        self, connection: Connection, secret: str, browser: str, session_id: str
    ) -> tuple[Provider, Told] | None:
        """What was told, once."""
        now = self._clock.now()
        found = await queries.take_handover(connection, _handover_hashes(secret, browser), session_id, now)
        return self._told_again(found)

    def _told_again(self, found: Handover | None) -> tuple[Provider, Told] | None:
        provider = self.providers.get(found.provider_code) if found is not None else None
        if found is None or provider is None:
            return None
        return provider, msgspec.convert(found.told, Told)

    def hidden(self, text: str) -> str:
        """A text that travels through the browser's address bar and the logs of proxies, and names a reader."""
        return urlsafe_b64encode(seal(self._answer_key, text.encode())).decode()

    def shown(self, hidden: str) -> str:
        """The text again; empty for what was not hidden here."""
        try:
            return unseal(self._answer_key, urlsafe_b64decode(hidden.encode())).decode()
        except (SealBroken, ValueError):
            return ""


def callback_url(public_url: str, code: str) -> str:
    """Where a provider sends browsers back to: one address, whichever of the two the page was opened at."""
    return f"{public_url}/user/external/{code}/callback"


async def problem_of(provider: Provider, clock: Clock) -> str | None:
    """Why a provider cannot be used at the moment; None when it can."""
    outgoing = Outgoing()
    try:
        exchange = Exchange(provider, outgoing, clock, b"", "")
        await exchange.discovery.metadata()
        return None if await exchange.discovery.keys(None) else "it publishes no key that is known here"
    except ProviderDown as down:
        return str(down)
    finally:
        await outgoing.close()


def _user(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}


def _handover_hashes(secret: str, browser: str) -> tuple[bytes, bytes]:
    # Others than those of a state: neither can be used as the other.
    return hash_secret(f"external handover {secret}"), hash_secret(f"external browser {browser}")


def _hashes(state: str, browser: str) -> tuple[bytes, bytes]:
    return hash_secret(f"external state {state}"), hash_secret(f"external browser {browser}")
