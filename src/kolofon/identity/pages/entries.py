"""What a page was opened for: by a site, with clientId and returnUrl, or by an authorization request."""

from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.engine.return_urls import checked_return_url
from kolofon.identity.oauth.authorization import read_destination
from kolofon.identity.oauth.rfc6749 import OAuthError, read_parameters
from kolofon.identity.pages.return_urls import is_own_page
from kolofon.platform.credentials import normalised_credential
from kolofon.platform.errors import ApiError, InvalidRequest

Page = Literal["login", "createUser", "register", "oauthLogin", "forgottenPassword", "externalConfirm"]
_CODE_FIRST = {"createUser", "register"}
# What asks for another sign-in is answered by one; the authorization endpoint shall not ask again.
_ANSWERED = {"login", "select_account"}
# What passes between the authorization endpoint and the pages about a second factor. Whoever else writes it into a
# URL has the reader asked for more than is needed, or the client told that the reader has refused.
SECOND_FACTOR = "second_factor"
DECLINED = "declined"
_OURS = {"prompt", "lang", SECOND_FACTOR}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A checked request for a page. `done_url` is where a signed-in browser goes."""

    client: Client
    page: Page
    done_url: str
    form_target: str  # where a form's answer may lead in the end
    cancel_url: str | None
    credential: str  # as it was given; may be empty or wrong
    code_first: bool
    submit: bool
    prompt: frozenset[str] = frozenset()
    second_factor: Literal["", "required", "wished"] = ""

    @property
    def is_authorization(self) -> bool:
        """Whether an authorization request waits, which looks at the session itself."""
        return self.cancel_url is None

    @property
    def wanted_credential(self) -> str | None:
        """The stored form of the credential; None for none, and for one that nobody can have."""
        try:
            return normalised_credential(self.credential)[0] if self.credential else None
        except InvalidRequest:
            return None

    def is_for(self, credential: str) -> bool:
        """Whether a reader signed in with this credential is whom the page was opened for."""
        if not self.credential:
            return True
        try:
            return normalised_credential(self.credential)[0] == credential
        except InvalidRequest:
            return False


class Site(msgspec.Struct, frozen=True):
    """A client and where it wants the browser."""

    client: Client
    return_url: str
    error_url: str


def read_site(catalogue: Catalogue, parameters: dict[str, str], public_url: str) -> Site:
    """The client and its URLs; raises InvalidRequest. Until then nothing may be redirected anywhere.

    Instead of a client's, a URL may be that of a page here that readers sign in for, such as their account.
    """
    client = catalogue.clients.get(parameters.get("clientId", ""))
    if client is None or client.disabled:
        raise InvalidRequest("clientId: there is no such client")
    urls = [
        url if url is not None and is_own_page(public_url, url) else checked_return_url(client, name, url)
        for name, url in ((name, parameters.get(name)) for name in ("returnUrl", "errorUrl"))
    ]
    return Site(client, *urls)


def read_entry(catalogue: Catalogue, page: Page, query: str, public_url: str, prefix: str) -> Entry:
    """What a page was opened for; raises InvalidRequest. The query is checked anew with every form."""
    parameters = read_parameters(query, "")
    code_first = parameters.get("assumeNewUser", str(page in _CODE_FIRST).lower()) == "true"
    submit = parameters.get("credentialSubmit") == "true"
    if page != "oauthLogin" and "client_id" not in parameters:
        site = read_site(catalogue, parameters, public_url)
        return Entry(
            client=site.client,
            page=page,
            done_url=site.return_url,
            form_target=_led_to(site, public_url),
            cancel_url=site.error_url,
            credential=read_credential(parameters),
            code_first=code_first,
            submit=submit,
            # A page here may need a sign-in that is new; a site may ask for one too.
            prompt=frozenset(parameters.get("prompt", "").split()) & {"login"},
            second_factor="required" if parameters.get(SECOND_FACTOR) == "required" else "",
        )
    destination = read_destination(catalogue, parameters)
    return Entry(
        client=destination.client,
        page=page,
        done_url=f"{public_url}{prefix}/oauth/authorize?{_changed(query, _without_answered_prompt)}",
        form_target=destination.redirect_uri,
        cancel_url=None,
        credential=read_credential(parameters),
        code_first=code_first,
        submit=submit,
        prompt=frozenset(parameters.get("prompt", "").split()),
        second_factor=_wish(parameters.get(SECOND_FACTOR, "")),
    )


def _led_to(site: Site, public_url: str) -> str:
    """Where the browser is in the end: the page here that completes orders sends it on to a URL of the client's."""
    if not is_own_page(public_url, site.return_url):
        return site.return_url
    try:
        onward = read_parameters(urlsplit(site.return_url).query, "").get("returnUrl")
        return checked_return_url(site.client, "returnUrl", onward)
    except (ApiError, OAuthError):
        # That page says so itself, if it is one that leads on at all.
        return site.return_url


def read_credential(parameters: dict[str, str]) -> str:
    """The credential that a URL names; sites that forget to encode the plus of a phone number send a space."""
    text = parameters.get("credential") or parameters.get("login_hint", "")
    return f"+{text[1:]}" if text[:1] == " " and text[1:2].isdigit() else text


def _wish(text: str) -> Literal["", "required", "wished"]:
    if text == "required":
        return "required"
    return "wished" if text == "wished" else ""


def with_parameter(query: str, name: str, value: str) -> str:
    """The query with another value of one parameter."""
    return _changed(query, lambda pairs: [pair for pair in pairs if pair[0] != name] + [(name, value)])


def without_parameter(query: str, name: str) -> str:
    """The query without one parameter."""
    return _changed(query, lambda pairs: [pair for pair in pairs if pair[0] != name])


_Pairs = list[tuple[str, str]]


def _changed(query: str, change: Callable[[_Pairs], _Pairs]) -> str:
    """The query itself when nothing changes: it goes back to the letter."""
    pairs = parse_qsl(query, keep_blank_values=True)
    changed = change(pairs)
    return query if changed == pairs else urlencode(changed)


def _without_answered_prompt(pairs: _Pairs) -> _Pairs:
    kept = []
    for name, value in pairs:
        left = " ".join(word for word in value.split() if word not in _ANSWERED) if name == "prompt" else value
        if name not in _OURS or (name == "prompt" and left):
            kept.append((name, left))
    return kept
