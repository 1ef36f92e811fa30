"""What a user is told of an order that was assigned to them: in the client's own words, or in ours."""

from datetime import datetime

import msgspec

from kolofon.catalogue.memory import Client
from kolofon.catalogue.offers import Offers, Template
from kolofon.events.outbox.service import Kind, Message
from kolofon.platform.templating import environment, one_line

# What most readers of a partner in a country speak.
_LANGUAGES = {"NO": "nb", "SE": "sv"}


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link on its way to a credential."""

    recipient: str
    kind: Kind
    is_new: bool
    link: str
    expires_at: datetime


def invitation_message(offers: Offers, client: Client, invitation: Invitation) -> Message:
    """The message that brings the link. `{link}` and `{site}` stand in a client's own words for what they say."""
    own = _template(offers, client.client_id, invitation)
    site = one_line(client.name)
    if own is not None:
        subject = own.subject
        return Message(
            kind=invitation.kind,
            recipient=invitation.recipient,
            subject=one_line(_filled(subject, site, invitation.link)) if subject is not None else None,
            text=_filled(own.text, site, invitation.link),
            expires_at=invitation.expires_at,
        )
    values = {"site": site, "link": invitation.link, "is_new": invitation.is_new, "language": _language(offers)}
    templates = environment("kolofon.order_management.user", _language(offers))
    if invitation.kind == "sms":
        return Message(
            kind="sms",
            recipient=invitation.recipient,
            text=one_line(templates.get_template("sms.txt").render(values)),
            expires_at=invitation.expires_at,
        )
    return Message(
        kind="mail",
        recipient=invitation.recipient,
        subject=one_line(templates.get_template("subject.txt").render(values)),
        text=templates.get_template("mail.txt").render(values),
        html=templates.get_template("mail.html").render(values),
        expires_at=invitation.expires_at,
    )


def _template(offers: Offers, client_id: str, invitation: Invitation) -> Template | None:
    """The client's words in the language of the partner's country, else in any that it has."""
    name = "assignNewUser" if invitation.is_new else "assignExistingUser"
    found = [
        template
        for template in offers.templates
        if (template.client_id, template.template, template.kind) == (client_id, name, invitation.kind)
    ]
    return min(found, key=lambda template: (template.language != _language(offers), template.language), default=None)


def _language(offers: Offers) -> str:
    return _LANGUAGES.get(offers.country_code, "en")


def _filled(text: str, site: str, link: str) -> str:
    return text.replace("{site}", site).replace("{link}", link)
