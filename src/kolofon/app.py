"""The program put together: login server and API in one ASGI application, and what they share."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ASGIApp, ControllerRouterHandler

from kolofon import __version__
from kolofon.catalogue.live import LiveCatalogue
from kolofon.customer_data.address import routes as address
from kolofon.customer_data.category import routes as category
from kolofon.customer_data.customer import routes as customer
from kolofon.customer_data.customer import search_routes as customer_search
from kolofon.customer_data.customer.check_service import NumberGuesses
from kolofon.customer_data.external_reference import routes as external_reference
from kolofon.diverse.external_identity import routes as external_identity
from kolofon.diverse.message import routes as message
from kolofon.diverse.message.limiting import MessageLimit
from kolofon.diverse.status import routes as status
from kolofon.diverse.stock import routes as stock
from kolofon.engine.calls import call_dependencies, reading_calls
from kolofon.engine.guessing import Guesses
from kolofon.engine.lean_calls import LeanCalls
from kolofon.engine.orders.callbacks import Callbacks
from kolofon.engine.orders.handover import HandOver
from kolofon.engine.orders.methods import PaymentProvider
from kolofon.engine.subscriptions.life_run import LifeRun
from kolofon.events.mailbox import routes as mailbox
from kolofon.events.outbox.delivery import Delivery
from kolofon.events.outbox.ways import has_mailbox, ways
from kolofon.identity import login_pages
from kolofon.identity.back_channel_logout.telling import Telling
from kolofon.identity.codes.service import Codes
from kolofon.identity.device.service import Devices
from kolofon.identity.external_sign_in.outgoing import Outgoing
from kolofon.identity.external_sign_in.providers import read_providers
from kolofon.identity.external_sign_in.service import ExternalSignIn
from kolofon.identity.login_server import LoginServer
from kolofon.identity.oauth.bearer import BearerAuthenticator
from kolofon.identity.oauth.key_store import KeyStore
from kolofon.identity.oauth.keys import KeyRing
from kolofon.identity.oauth.revocations import Revocations
from kolofon.identity.oauth.rfc9068 import TokenReader
from kolofon.identity.oauth.tokens import Tokens
from kolofon.identity.passwords import PasswordVerifier
from kolofon.identity.remember_me.service import RememberMe
from kolofon.identity.second_factors.passkeys import Passkeys
from kolofon.identity.second_factors.service import SecondFactors
from kolofon.identity.sessions import Sessions
from kolofon.identity.throttling import Throttle
from kolofon.order_management.article import routes as article
from kolofon.order_management.coupon import routes as coupon
from kolofon.order_management.fulfillment import routes as fulfillment
from kolofon.order_management.order import routes as order
from kolofon.order_management.reward import routes as reward
from kolofon.order_management.user import routes as order_user
from kolofon.order_management.voucher_coupons import routes as voucher_coupons
from kolofon.platform import api_document, health
from kolofon.platform.clock import Clock
from kolofon.platform.database import Pool, create_pool
from kolofon.platform.error_answers import answer_error
from kolofon.platform.frame import API_PREFIX, ApiFrame
from kolofon.platform.limits import rate_limiter
from kolofon.platform.negotiation import BODY_LIMIT, ApiRequest, JsonResponse
from kolofon.platform.notifications import Notifications
from kolofon.platform.read_lanes import ReadLanes
from kolofon.platform.sealing import Secrets
from kolofon.platform.telemetry import Telemetry
from kolofon.privacy.permission import routes as permission
from kolofon.privacy.privacy import routes as privacy
from kolofon.product_services.product import routes as product
from kolofon.product_services.product_delivery_plan import routes as product_delivery_plan
from kolofon.product_services.product_dependency import routes as product_dependency
from kolofon.product_services.subscription import routes as subscription
from kolofon.settings import Settings
from kolofon.user_data.access import routes as access
from kolofon.user_data.credential import routes as credential
from kolofon.user_data.metadata import routes as metadata
from kolofon.user_data.profile import routes as profile

API_HANDLERS: list[ControllerRouterHandler] = [
    *access.HANDLERS,
    *profile.HANDLERS,
    *credential.HANDLERS,
    *address.HANDLERS,
    *category.HANDLERS,
    *customer.HANDLERS,
    *customer_search.HANDLERS,
    *external_reference.HANDLERS,
    *metadata.HANDLERS,
    *privacy.HANDLERS,
    *permission.HANDLERS,
    *external_identity.HANDLERS,
    *product.HANDLERS,
    *product_delivery_plan.HANDLERS,
    *product_dependency.HANDLERS,
    *subscription.HANDLERS,
    *article.HANDLERS,
    *coupon.HANDLERS,
    *voucher_coupons.HANDLERS,
    *reward.HANDLERS,
    *order.HANDLERS,
    *fulfillment.HANDLERS,
    *order_user.HANDLERS,
    *stock.HANDLERS,
    *message.HANDLERS,
    *status.HANDLERS,
]


class Parts:
    """What one process holds: built at once, connected while the application runs."""

    def __init__(self, settings: Settings, database_url: str, secrets: Secrets, clock: Clock) -> None:
        self.settings = settings
        self.database_url = database_url
        self.secrets = secrets
        self.clock = clock
        self.catalogue = LiveCatalogue()
        self.keys = KeyRing()
        self.key_store = KeyStore(self.keys, secrets, clock)
        self.revocations = Revocations(clock)
        self.delivery = Delivery(self.pool, clock, ways(settings))
        self.sign_in_providers = read_providers(settings.sign_in_providers)
        self.outgoing = Outgoing()
        self.limiter = rate_limiter(settings.redis_url)
        self.passwords = PasswordVerifier(settings.password_hashes_at_once)
        self.token_reader = TokenReader(self.keys, clock, settings.issuer, settings.api_audience)
        self.telling = Telling(self.pool, clock, settings.issuer, self.catalogue, self.keys)
        self.callbacks = Callbacks(self.pool, clock)
        self.life_run = LifeRun(self.pool, clock, self.catalogue)
        self.order_work = HandOver(self.pool, clock, self.catalogue), self.callbacks
        self.payment_providers: dict[str, PaymentProvider] = {}
        self.notifications = Notifications(
            database_url,
            [
                self.catalogue.subscription,
                self.key_store.subscription,
                self.revocations.subscription,
                self.delivery.subscription,
                self.telling.subscription,
                *(work.subscription for work in self.order_work),
            ],
        )
        self.authenticate = BearerAuthenticator(
            self.token_reader, self.revocations, self.catalogue, self.notifications, self.pool
        )
        self._pool: Pool | None = None
        self._lanes: ReadLanes | None = None
        self._background: list[Callable[[], Coroutine[Any, Any, None]]] = []

    def meanwhile(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have something done beside the requests, as long as the application runs."""
        self._background.append(work)

    def pool(self) -> Pool:
        """The connections; there are some while the application runs."""
        if self._pool is None:
            raise RuntimeError("the application is not running")
        return self._pool

    def reader(self) -> ReadLanes:
        """What reading statements are given to; there is one while the application runs."""
        if self._lanes is None:
            raise RuntimeError("the application is not running")
        return self._lanes

    @asynccontextmanager
    async def running(self, _app: Litestar | None = None) -> AsyncIterator[None]:
        """Connect, and take everything into memory that requests read from there."""
        self._pool = await create_pool(self.database_url, self.settings.database_connections)
        # Reading may not take all connections: who changes something needs one too.
        self._lanes = ReadLanes(self._pool, self.settings.database_connections // 2)
        tasks: list[asyncio.Task[None]] = []
        try:
            async with self._pool.acquire() as connection:
                await self.key_store.ensure_keys(connection)
            await self.notifications.start()
            tasks = [asyncio.create_task(work()) for work in self._background]
            # What lives as long as the process need not be looked through at every collection.
            gc.collect()
            gc.freeze()
            # A request leaves no cycles behind, so there is no hurry (docs/decisions/0008 has the measurement).
            gc.set_threshold(20_000, 20, 50)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.notifications.stop()
            self.passwords.close()
            await self.outgoing.close()
            await self.telling.close()
            await self.callbacks.close()
            await self._lanes.close()
            await self._pool.close()
            self._pool = self._lanes = None

    def login_server(self) -> LoginServer:
        """What the login server's endpoints share."""
        throttle = Throttle(self.limiter)
        tokens = Tokens(self.settings, self.clock, self.keys, self.secrets)
        return LoginServer(
            settings=self.settings,
            clock=self.clock,
            pool=self.pool,
            catalogue=self.catalogue,
            limiter=self.limiter,
            keys=self.keys,
            reader=self.token_reader,
            revocations=self.revocations,
            tokens=tokens,
            sessions=Sessions(
                self.settings, self.clock, throttle, self.passwords, self.secrets.key("notes of wrong passwords")
            ),
            passwords=self.passwords,
            codes=Codes(self.clock, throttle, self.secrets.key("one-time codes")),
            remember_me=RememberMe(self.settings, self.clock),
            form_key=self.secrets.key("forms"),
            asking_key=self.secrets.key("asking for a new sign-in"),
            authenticate=self.authenticate,
            flow_key=self.secrets.key("sign-in flows"),
            external=ExternalSignIn(
                self.sign_in_providers,
                self.settings.public_url,
                self.clock,
                throttle,
                self.secrets.key("external sign-in"),
                self.outgoing,
            ),
            second_factors=SecondFactors(
                self.clock,
                throttle,
                self.secrets.key("totp secrets"),
                self.secrets.key("recovery codes"),
                Passkeys(self.settings, self.clock, self.secrets.key("passkey challenges")),
            ),
            consent_key=self.secrets.key("consent forms"),
            devices=Devices(
                self.settings.issuer, self.clock, throttle, tokens, self.secrets.key("user codes of devices")
            ),
            device_key=self.secrets.key("device pages"),
            payment_providers=self.payment_providers,
            fulfillment_key=self.secrets.key("payments in a browser"),
        )


def build(parts: Parts) -> ASGIApp:
    """The whole application, ready for an ASGI server."""
    reads = reading_calls(parts.reader, parts.clock, parts.catalogue)
    operations = LeanCalls(_litestar(parts), reads, API_PREFIX)
    frame = ApiFrame(operations, parts.authenticate, parts.limiter, parts.clock, parts.pool)
    return Telemetry(frame, parts.settings)


def openapi_document() -> dict[str, Any]:
    """The API's OpenAPI document; needs no database."""
    settings = Settings()
    parts = Parts(settings, "postgresql://", Secrets("0" * 32), Clock())
    return api_document.complete(_litestar(parts).openapi_schema.to_schema(), settings.public_url)


def _litestar(parts: Parts) -> Litestar:
    login_server = parts.login_server()
    voucher_guesses = Guesses(parts.limiter, "voucher codes")
    number_guesses = NumberGuesses(parts.limiter)
    message_limit = MessageLimit(parts.limiter)
    dependencies = call_dependencies(parts.reader, parts.pool, parts.clock, parts.catalogue, parts.secrets) | {
        "login_server": Provide(lambda: login_server, sync_to_thread=False),
        "login_address": Provide(lambda: f"{parts.settings.public_url}/user", sync_to_thread=False),
        "voucher_guesses": Provide(lambda: voucher_guesses, sync_to_thread=False),
        "number_guesses": Provide(lambda: number_guesses, sync_to_thread=False),
        "message_limit": Provide(lambda: message_limit, sync_to_thread=False),
    }
    api = Router("/capi", route_handlers=API_HANDLERS, request_class=ApiRequest, response_class=JsonResponse)
    return Litestar(
        route_handlers=[
            api,
            *login_pages.routers(),
            *(mailbox.handlers(parts.pool, parts.settings.public_url) if has_mailbox(parts.settings) else []),
            *health.handlers(parts.pool, parts.notifications),
            *api_document.handlers(parts.settings.public_url),
        ],
        dependencies=dependencies,
        lifespan=[parts.running],
        exception_handlers={Exception: answer_error},
        request_max_body_size=BODY_LIMIT,
        openapi_config=OpenAPIConfig(
            title="Kolofon", version=__version__, description=api_document.DESCRIPTION, render_plugins=[]
        ),
        logging_config=None,
    )
