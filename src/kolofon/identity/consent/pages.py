"""The page that asks a reader what a client may have."""

from typing import Any

from litestar import Request, Response
from litestar.datastructures import State

from kolofon.catalogue.memory import Client
from kolofon.identity.consent.forms import OPEN_FOR, ConsentForm, seal_form
from kolofon.identity.consent.words import scope_words
from kolofon.identity.login_server import LoginServer
from kolofon.identity.pages.form_tokens import browser_of
from kolofon.identity.pages.forms import Form, Viewer, form_page
from kolofon.identity.pages.language import chosen_language
from kolofon.identity.pages.messages import message_page
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
    consent = ConsentForm(
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
    viewer = Viewer(
        server=login_server,
        browser=browser,
        language=language,
        chose_language=lang in LANGUAGES,
        base=prefix_of(request),
    )
    form = Form(
        path="oauth/consent",
        flow=seal_form(login_server.consent_key, consent),
        target=parameters.get("redirect_uri"),
    )
    return form_page(
        "consent.html",
        viewer,
        client,
        form,
        partner_name=partner_name,
        credential=session.credential,
        words=scope_words(scopes, partner_name, language),
    )


def too_late_page(request: HttpRequest) -> Response[Any]:
    """The answer to a form that is too old, or not from our page in this browser: its request is not to be trusted."""
    gettext = translations(chosen_language(request)).gettext
    text = gettext("The page was open for too long. Go back to the site that you came from, and try again.")
    return message_page(request, gettext("Please start again"), text, 400)
