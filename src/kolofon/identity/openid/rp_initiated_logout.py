"""OpenID Connect RP-Initiated Logout 1.0: a client has the reader signed out here as well."""

from collections.abc import Callable, Mapping

import msgspec

from kolofon.catalogue.memory import Catalogue, Client
from kolofon.identity.oauth.rfc6749 import is_safe_redirect_uri
from kolofon.identity.oauth.rfc9207 import with_members
from kolofon.identity.openid.id_token import Hint
from kolofon.identity.queries import Session
from kolofon.platform.errors import InvalidRequest


class LogoutRequest(msgspec.Struct, frozen=True):
    """A checked request. `done_url` is where the browser goes in the end; None: it stays here."""

    client: Client | None
    hint: Hint | None
    done_url: str | None


def read_logout(
    catalogue: Catalogue, parameters: Mapping[str, str], read_hint: Callable[[str], Hint | None]
) -> LogoutRequest:
    """The request; raises InvalidRequest. A hint that is none of ours counts as none: then the reader is asked."""
    hint = read_hint(parameters["id_token_hint"]) if "id_token_hint" in parameters else None
    client_id = parameters.get("client_id", hint.client_id if hint is not None else None)
    if hint is not None and client_id != hint.client_id:
        raise InvalidRequest("client_id: another client than that of the id_token_hint")
    client = catalogue.clients.get(client_id) if client_id is not None else None
    if client_id is not None and (client is None or client.disabled):
        raise InvalidRequest("client_id: there is no such client")
    uri = parameters.get("post_logout_redirect_uri")
    if uri is None:
        return LogoutRequest(client, hint, None)
    if client is None:
        raise InvalidRequest("post_logout_redirect_uri: needs an id_token_hint or a client_id")
    if uri not in client.post_logout_redirect_uris or not is_safe_redirect_uri(uri):
        raise InvalidRequest("post_logout_redirect_uri: not registered for this client")
    return LogoutRequest(client, hint, with_members(uri, {"state": parameters.get("state")}))


def needs_asking(request: LogoutRequest, session: Session | None, is_remembered: bool) -> bool:
    """Whether the reader is asked first: any site can send a browser here, but only their clients have a hint."""
    if session is None and not is_remembered:
        return False
    if request.hint is None:
        return True
    return session is not None and session.unique_id != request.hint.unique_id
