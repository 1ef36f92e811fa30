"""The partners that a command is about, and times in their words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from kolofon.catalogue.memory import PartnerCatalogue, read_catalogue
from kolofon.failures import Failure
from kolofon.platform.database import Connection


async def chosen_partners(connection: Connection, partner_code: str | None) -> list[PartnerCatalogue]:
    """All partners, or the one with a code; raises Failure when there is none."""
    partners = (await read_catalogue(connection)).partners
    found = [partner for partner in partners if partner_code in (None, partner.code)]
    if partner_code is not None and not found:
        raise Failure(f"--partner: there is no partner {partner_code}")
    return found


def local_time(partner: PartnerCatalogue, time: datetime) -> str:
    """A time as staff of the partner read it."""
    return time.astimezone(ZoneInfo(partner.offers.time_zone)).strftime("%Y-%m-%d %H:%M")
