"""The page that asks a reader what a client may have."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import State

from kolofon.catalogue.memory import Client
from kolofon.identity.consent.forms import OPEN_FOR, ConsentForm, seal_form
from kolofon.identity.consent.words import scope_words
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.form_tokens import browser_cookie, browser_of, form_token, is_secure
from kolofon.identity.pages.language import chosen_language, language_cookie
from kolofon.identity.pages.messages import message_page
from kolofon.identity.pages.rendering import page
from kolofon.identity.pages.visits import language_links
from kolofon.identity.prefixes import prefix_of
from kolofon.identity.queries import Session
from kolofon.platform.i18n import LANGUAGES, translations

HttpRequest = Request[None, None, State]


def consent_page(
    request: HttpRequest,
    login_server: LoginServer,
    client: Client,
    session: Session,
    asked: tuple[dict[str, str], bool, frozenset[str]],
    lang: str | None,
) -> Response[Any]:
    """Ask for the reader's yes. `asked` is the request: its parameters, whether it was pushed, and its scopes."""
    parameters, is_pushed, scopes = asked
    browser = browser_of(request, login_server)
    form = ConsentForm(
        parameters=parameters,
        is_pushed=is_pushed,
        scopes=scopes,
        unique_id=session.unique_id,
        session_id=session.session_id,
        browser=browser,
        expires_at=login_server.clock.now() + OPEN_FOR,
    )
    language = chosen_language(request, lang, parameters.get("ui_locales"))
    partner_name = login_server.catalogue.current.partner(client.partner_id).name
    answer = page(
        "consent.html",
        language,
        form_target=parameters.get("redirect_uri"),
        base=prefix_of(request),
        page="oauth/consent",
        query="",
        languages=language_links("", language),
        logo_url=client.logo_url,
        background_url=client.background_url,
        cancel_url=None,
        errors={},
        form_token=form_token(login_server, browser),
        flow=seal_form(login_server.consent_key, form),
        client_name=client.name,
        partner_name=partner_name,
        credential=session.credential,
        words=scope_words(scopes, partner_name, language),
    )
    answer.set_cookie(browser_cookie(login_server, browser))
    if lang in LANGUAGES:
        answer.set_cookie(language_cookie(language, is_secure(login_server)))
    return answer


def too_late_page(request: HttpRequest) -> Response[Any]:
    """The answer to a form that is too old, or not from our page in this browser: its request is not to be trusted."""
    gettext = translations(chosen_language(request)).gettext
    text = gettext("The page was open for too long. Go back to the site that you came from, and try again.")
    return message_page(request, gettext("Please start again"), text, 400)
