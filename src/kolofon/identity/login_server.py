"""What the login server's endpoints share, built once a process."""

from collections.abc import Callable

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from kolofon.catalogue.live import LiveCatalogue
from kolofon.catalogue.memory import Client
from kolofon.engine.orders.methods import PaymentProviders
from kolofon.identity.codes.service import Codes
from kolofon.identity.device.service import Devices
from kolofon.identity.external_sign_in.service import ExternalSignIn
from kolofon.identity.oauth.bearer import BearerAuthenticator
from kolofon.identity.oauth.keys import KeyRing
from kolofon.identity.oauth.revocations import Revocations
from kolofon.identity.oauth.rfc9068 import TokenReader
from kolofon.identity.oauth.tokens import Tokens
from kolofon.identity.passwords import PasswordVerifier
from kolofon.identity.queries import Session
from kolofon.identity.remember_me.service import RememberMe
from kolofon.identity.second_factors.service import SecondFactors
from kolofon.identity.sessions import Sessions
from kolofon.platform.clock import Clock
from kolofon.platform.database import Pool
from kolofon.platform.limits import RateLimiter
from kolofon.settings import Settings


class LoginServer(msgspec.Struct, frozen=True, kw_only=True):
    """The parts; each is safe to use from any request."""

    settings: Settings
    clock: Clock
    pool: Callable[[], Pool]
    catalogue: LiveCatalogue
    limiter: RateLimiter
    keys: KeyRing
    reader: TokenReader
    revocations: Revocations
    tokens: Tokens
    sessions: Sessions
    passwords: PasswordVerifier
    codes: Codes
    remember_me: RememberMe
    form_key: bytes
    asking_key: bytes
    authenticate: BearerAuthenticator
    flow_key: bytes
    external: ExternalSignIn
    second_factors: SecondFactors
    consent_key: bytes
    devices: Devices
    device_key: bytes
    payment_providers: PaymentProviders
    fulfillment_key: bytes

    async def lacks_second_factor(self, client: Client, session: Session) -> bool:
        """Whether a session will not do at a client, since its partner wants two factors of its staff."""
        if not self.second_factors.are_wanted(self.catalogue.current, client, session):
            return False
        async with self.pool().acquire() as connection:
            return await self.second_factors.are_missing(connection, self.catalogue.current, client, session)


UsesLoginServer = NamedDependency[SkipValidation[LoginServer]]
