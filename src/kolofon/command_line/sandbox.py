"""The commands about sandboxes: partners whose time can be moved ahead."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from kolofon.command_line import tools
from kolofon.failures import Failure

if TYPE_CHECKING:
    from kolofon.engine.subscriptions.life_run import Lived
    from kolofon.platform.clock import Clock
    from kolofon.platform.database import Connection

_FURTHEST_DAYS = 3660


class _Days(click.ParamType[int]):
    """Days, as 30d or 4w."""

    name = "days"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        days = int(text[:-1]) * {"d": 1, "w": 7}[text[-1]] if text[:-1].isdecimal() and text[-1] in "dw" else 0
        if not 1 <= days <= _FURTHEST_DAYS:
            self.fail(f"expected days or weeks ahead, such as 30d or 4w, at most {_FURTHEST_DAYS}d", param, ctx)
        return days


@click.group()
def sandbox() -> None:
    """Move the time of a partner that things are tried with.

    Its publisher file says `sandbox: true`. No other partner is touched, and no token, session or message.
    """


@sandbox.command("move")
@click.argument("partner")
@click.argument("days", type=_Days())
def move(partner: str, days: int) -> None:
    """Move PARTNER's clock ahead by DAYS, such as 30d or 4w, and live through every one of them.

    Subscriptions begin, are renewed and end, invoices are made and reminded of. There is no way back.
    """
    with tools.database() as url, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("days", total=days)

        def progress(day: int) -> None:
            bar.update(task, completed=day)

        lived = tools.run(
            url, lambda connection, clock: _move(connection, clock, partner, days, progress, tools.actor())
        )
    click.echo(
        f"{partner}: {days} days later; {lived.changed} subscriptions began, ended, rested or went on, "
        f"{lived.renewed} were due for renewal, {lived.reminded} invoices were looked at"
    )


async def _move(
    connection: "Connection",
    clock: "Clock",
    partner_code: str,
    days: int,
    progress: Callable[[int], None],
    actor: str,
) -> "Lived":
    from kolofon.catalogue.partners.queries import find_partner_id
    from kolofon.engine.sandbox.service import move as move_days

    partner_id = await find_partner_id(connection, partner_code)
    if partner_id is None:
        raise Failure(f"PARTNER: there is no partner {partner_code}; load its file first")
    return await move_days(connection, clock, partner_id, days, progress, actor)
