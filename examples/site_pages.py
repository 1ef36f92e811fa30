"""The pages of the example site, as HTML. Whatever comes from outside is escaped here."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode

PURPOSES = {
    "DM": "sende meg tilbud i posten",
    "EM": "sende meg tilbud på e-post",
    "TM": "ringe meg med tilbud",
    "PROFIL": "tilpasse innholdet til meg",
}
_MONTHS = (
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
)


@dataclass(frozen=True)
class Article:
    """An article; `product` is what it is read with, None for one that is open to all.

    `on_site`: also read by who comes from a network that subscribes, such as the library's.
    """

    title: str
    lead: str
    text: str
    product: str | None = None
    on_site: bool = False


ARTICLES = {
    "1001": Article(
        "Ferja går igjen fra mandag",
        "Etter tre uker på verksted er «Fjordkyst» tilbake på sambandet.",
        "Første avgang er klokken 06.15, og rutene er de samme som før. Prisene er uendret ut året.",
    ),
    "pluss-1047": Article(
        "Slik berget bygda butikken",
        "Da den siste butikken skulle legges ned, tok 214 innbyggere saken i egne hender.",
        "De kjøpte hver sin andel, pusset opp på dugnad og åpnet dørene igjen før jul. "
        "«Nå møtes vi her hver dag», sier daglig leder Synnøve Eide.",
        "FP-DIGITAL",
        on_site=True,
    ),
    "ff-2231": Article(
        "Over fjellet på sju dager",
        "Fra fjord til vidde med telt, kokekaffe og altfor mye bagasje.",
        "Den tredje dagen snur været. Vi ser ikke lenger varden foran oss, men stien kjenner veien.",
        "FF-MAGASIN",
    ),
}


def document(title: str, main: str, account: str) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="nb"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/stil.css"></head><body><a class="skip" href="#innhold">Til innholdet</a>'
        f'<header><a class="name" href="/">Fjordposten</a><nav aria-label="Konto">{account}</nav></header>'
        f'<main id="innhold">{main}</main></body></html>'
    )


def account(name: str, form_token: str) -> str:
    """Who is signed in, in the page's head."""
    return (
        f'<span>{escape(name)}</span><a href="/personvern">Personvern</a>'
        f'<form method="post" action="/logg-ut">{_hidden(form_token)}<button class="quiet">Logg ut</button></form>'
    )


def front_page() -> str:
    """All articles."""
    entries = ""
    for article_id, article in ARTICLES.items():
        tag = '<p class="tag">For abonnenter</p>' if article.product is not None else ""
        link = f'<a href="/artikkel/{escape(article_id)}">{escape(article.title)}</a>'
        entries += f"<li><h2>{link}</h2><p>{escape(article.lead)}</p>{tag}</li>"
    return f'<h1>Dagens saker</h1><ul class="articles">{entries}</ul>'


def article_page(article: Article, reasons: list[Any]) -> str:
    """An article with its text."""
    return f"{_top(article)}<p>{escape(article.text)}</p></article>{_why(reasons)}"


def paywall_page(article_id: str, signed_in: bool, reasons: list[Any]) -> str:
    """An article without its text, and what to do about it."""
    href = escape(f"/logg-inn?{urlencode({'artikkel': article_id})}")
    offer = f'Er du abonnent? <a href="{href}">Logg inn for å lese videre</a>.'
    if signed_in:
        offer = "Abonnementet ditt gir ikke tilgang til denne saken."
    wall = f'<section class="paywall"><h2>Denne saken er for abonnenter</h2><p>{offer}</p></section>'
    return f"{_top(ARTICLES[article_id])}</article>{wall}{_why(reasons)}"


def shop_page(article_id: str, offer: dict[str, Any], form_token: str, reasons: list[Any]) -> str:
    """An article without its text, and what it can be read with."""
    renewal = offer["renewal"]
    price = f"{offer['description']}. Deretter {renewal['renewalPrice']:.0f} kroner i måneden. Du får faktura."
    field = (
        '<label for="postnummer">Postnummer</label><input id="postnummer" name="postnummer" required '
        'inputmode="numeric" autocomplete="postal-code" maxlength="10">'
    )
    form = (
        f'<form method="post" action="/kjop">{_hidden(form_token)}'
        f'<input type="hidden" name="artikkel" value="{escape(article_id)}">'
        f"<p>{field}</p><button>Kjøp og les videre</button></form>"
    )
    wall = (
        '<section class="paywall"><h2>Denne saken er for abonnenter</h2>'
        f"<p>Abonnementet ditt gir ikke tilgang til denne saken.</p><p>{escape(price)}</p>{form}</section>"
    )
    return f"{_top(ARTICLES[article_id])}</article>{wall}{_why(reasons)}"


def privacy_page(permitted: set[str], form_token: str, saved: bool) -> str:
    """The purposes, each with a box to tick."""
    boxes = ""
    for code, text in PURPOSES.items():
        checked = " checked" if code in permitted else ""
        box = f'<input type="checkbox" id="{code}" name="purpose" value="{code}"{checked}>'
        boxes += f'<p>{box}<label for="{code}">{escape(text)}</label></p>'
    note = '<p class="saved" role="status">Valgene dine er lagret.</p>' if saved else ""
    return (
        f'<h1>Personvern</h1>{note}<form method="post" action="/personvern"><fieldset>'
        f"<legend>Fjordposten kan bruke opplysningene mine til å</legend>{boxes}</fieldset>"
        f"{_hidden(form_token)}<button>Lagre valgene</button></form>"
    )


def message_page(heading: str, text: str, link: tuple[str, str] = ("/", "Til forsiden")) -> str:
    """A heading, a sentence and a way on."""
    return f'<h1>{escape(heading)}</h1><p>{escape(text)}</p><p><a href="{escape(link[0])}">{escape(link[1])}</a></p>'


def _top(article: Article) -> str:
    return f'<article><h1>{escape(article.title)}</h1><p class="lead">{escape(article.lead)}</p>'


def _why(reasons: list[Any]) -> str:
    """The explanation of an access check; its sentences are English."""
    if not reasons:
        return ""
    entries = ""
    for reason in reasons:
        parts = [f'<span lang="en">{escape(reason["reason"])}</span>']
        if "rule" in reason:
            parts.append(f"regel <code>{escape(reason['rule'])}</code>")
        if "until" in reason:
            parts.append(f"til {_day(reason['until'])}")
        entries += f"<li>{', '.join(parts)}</li>"
    return f"<details><summary>Hvorfor?</summary><ul>{entries}</ul></details>"


def _day(milliseconds: int) -> str:
    found = datetime.fromtimestamp(milliseconds / 1000).astimezone()
    return f"{found.day}. {_MONTHS[found.month - 1]} {found.year}"


def _hidden(form_token: str) -> str:
    return f'<input type="hidden" name="form_token" value="{escape(form_token)}">'
