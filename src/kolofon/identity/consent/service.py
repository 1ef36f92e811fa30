"""Whether a client may have what it asks for."""

from datetime import datetime

from kolofon.identity.consent import queries
from kolofon.identity.consent.forms import Answer, Decision
from kolofon.identity.oauth.authorization import AuthorizationRequest
from kolofon.identity.oauth.queries import use_once
from kolofon.identity.oauth.rfc6749 import OAuthError
from kolofon.identity.queries import Session
from kolofon.platform.database import Connection


async def has_consent(
    connection: Connection, request: AuthorizationRequest, session: Session, answer: Answer | None, now: datetime
) -> bool:
    """Whether the reader agrees, by the form that was just sent or from before. Raises OAuthError.

    A yes is remembered; the form that said it is good once.
    """
    client, scopes = request.destination.client, request.asked_scopes
    if answer is not None and answer.decision_of(session, scopes) is Decision.ALLOW:
        if await use_once(connection, answer.used_hash, answer.form.expires_at):
            await queries.give(connection, session.unique_id, client.client_id, scopes, now)
            return True
        if answer.form.is_pushed:
            raise OAuthError("invalid_request_uri", "the pushed request has been used")
    if request.wanted.consent or not client.third_party:
        # The partner's own clients need no consent, unless they ask for it.
        return not request.wanted.consent
    return scopes <= await queries.hold_consent(connection, session.unique_id, client.client_id)
