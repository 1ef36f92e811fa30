"""Publisher files for tests: small ones, written where they are used."""

from pathlib import Path

from kolofon.catalogue.changes import LoadSummary
from kolofon.catalogue.loader import load_publisher
from kolofon.catalogue.publisher_file.reading import read_publisher_file
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

# A little of everything that is sold, by a partner of its own.
SELLING = """\
partner: {code: salg, name: Salg, country: NO, currency: NOK, timeZone: Europe/Oslo}
orders: {preliminaryHours: 24, renewalDays: 10, dueDays: 15, stopDays: 16}
companies:
  - code: HUS
    name: Huset
    accountNumber: 1503.20.80119
    kid: {customerDigits: 7, invoiceDigits: 8, algorithm: MOD11}
    firstInvoiceNumber: 5001
vatRates:
  - {kind: AVIS, validFrom: 2000-01-01, percent: 0}
  - {kind: VARE, validFrom: 2000-01-01, percent: 25}
  - {kind: VARE, country: SE, validFrom: 2000-01-01, percent: 12.5}
products:
  - {code: DIGI, name: Digital, company: HUS, vatKind: AVIS, digital: true, retailPrice: 299, period: 1 month}
  - code: PAPIR
    name: Papir
    company: HUS
    vatKind: AVIS
    weight: 210.5
    issues: [{code: 2026-1, publicationDate: 2026-01-15}]
  - {code: ARTIKKEL, name: Artikkel, company: HUS, type: article, accessDays: 30, articlePrices: [{price: 19.50}]}
  - code: KRUS
    name: Krus
    company: HUS
    type: single
    vatKind: VARE
    campaigns: Gaver
    start: 2026-01-01
    end: 2036-01-01T12:00
    webOfferPrice: 149
    retailPrice: 199
    stock: [{warehouse: HOVED, quantity: 25}]
productDependencies:
  - {product: PAPIR, requiredProduct: DIGI, discountPercent: 20}
deliveryPlans:
  - {id: 3, product: PAPIR, name: HVERDAG, sunday: noAccessOrDelivery}
distributionPrices:
  - {country: NO, price: 59}
  - {country: NO, postalCodeFrom: "9000", postalCodeTo: "9999", price: 99}
coupons:
  - {code: DIGI, number: 1, description: Prøv, product: DIGI, price: 1, period: 1 month,
     renewalPrice: 299, renewalPeriod: 1 month, salesMethod: WEB}
  - {code: PAPIR, number: 7, description: Papir, product: PAPIR, price: 900, period: 12 weeks, vatIncluded: false,
     deliveryPlan: 3, extraProducts: [DIGI]}
  - {code: BREV, number: 9, kind: marketing, description: Brevet, project: P, market: M, activity: A}
vouchers:
  - {code: Gave-1, uses: 3, end: 2036-01-01, coupons: [{code: DIGI, number: 1}, {code: PAPIR, number: 7}]}
rewardPartners:
  - {id: 1, name: Ververn, product: KRUS}
sellers:
  - {code: ASTRID, name: Astrid}
salesMethods:
  - {code: WEB, name: Nettet}
paymentMethods: [other, kco]
reminderRules:
  - {number: 1, validFrom: 2020-01-01, daysAfterDue: 14, daysToPay: 14, fee: 38}
  - {number: 2, kind: warning, validFrom: 2020-01-01, daysAfterDue: 7, daysToPay: 14, fee: 38}
clients:
  - clientId: no.salg.web
    name: Salg
    secret: a-secret-of-a-shop-that-sells
    redirectUris: ["https://salg.example/callback"]
    grantTypes: [authorization_code, client_credentials]
    templates:
      - {template: assignNewUser, kind: mail, language: nb, subject: "Hei fra {site}", text: [Hei!, "Her: {link}"]}
readers:
  - credentials: [{credential: kjell@example.no, verificationLevel: verificationCode}]
    emails: [kjell@example.no]
    phoneNumbers: [{number: "40 00 00 09", type: home}, {number: "+4777000000", type: company}]
    customer:
      customerNumber: 7
      address: {street: Storgata, streetNumber: 4, entrance: B, postalCode: "9000", postalPlace: Tromsø}
      subscriptions: [{product: DIGI, coupon: {code: DIGI, number: 1}, start: -10d, end: +20d}]
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
