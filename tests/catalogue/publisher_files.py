"""Publisher files for tests: small ones, written where they are used."""

from pathlib import Path

from kolofon.catalogue.changes import LoadSummary
from kolofon.catalogue.file_reading import read_publisher_file
from kolofon.catalogue.loader import load_publisher
from kolofon.platform.clock import Clock
from kolofon.platform.database import Connection

SMALL = """\
partner: {code: liten, name: Liten, country: NO, currency: NOK, timeZone: Europe/Oslo}
companies:
  - {code: HUS, name: Huset}
enterprises:
  - code: AVIS
    name: Avisen
    orderTypes: [{code: ABO, name: Abonnement}]
privacyPurposes: [{code: EM, name: E-post}]
marketingChannels: [{code: TM, name: Telefon}]
categoryTypes:
  - code: SPORT
    description: Sport
    codes: [{code: SKI, description: Ski}]
products:
  - {code: DIGI, name: Digital, company: HUS}
  - {code: PAPIR, name: Papir, company: HUS}
accessRules:
  - {kind: product, code: papir-leser, product: DIGI, subscribedProduct: PAPIR}
  - {kind: ip, code: kontoret, cidr: 192.0.2.0/24, product: DIGI}
clients:
  - clientId: no.liten.web
    name: Liten
    secret: a-secret-of-a-small-newspaper
    redirectUris: ["https://liten.example/callback"]
    grantTypes: [authorization_code, refresh_token, client_credentials]
readers:
  - credentials: [{credential: Eva@Example.no, verificationLevel: verificationCode}]
    password: ti tegn eller mer
    customer:
      customerNumber: 7
      subscriptions: [{product: PAPIR, start: -10d, end: +10d}]
      privacy: [{enterprise: AVIS, purposes: [EM]}]
      marketing: [{shield: [TM]}]
"""


class Shelf:
    """A folder with a publisher file that is changed and loaded again."""

    def __init__(self, folder: Path, connection: Connection, clock: Clock) -> None:
        self.file = folder / "publisher.yaml"
        self._connection = connection
        self._clock = clock

    async def load(self, text: str) -> LoadSummary:
        """Write the file and load it."""
        self.file.write_text(text, "utf-8")
        return await load_publisher(self._connection, self._clock, read_publisher_file(self.file), "command-line:test")
