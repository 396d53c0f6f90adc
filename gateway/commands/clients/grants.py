"""`gateway clients confirm`, `… emergency`, `… end-emergency` and `… review`: how long clients have their purposes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import click

from gateway.commands.acts import staff_code
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from policy.dates import end_of_day
from policy.grants import LONGEST_EMERGENCY
from resolvers.clients.grants import GrantRegistrar
from resolvers.clients.registration import purposes_named
from store.database.store import open_store

Result = TypeVar("Result")
HOURS = LONGEST_EMERGENCY // timedelta(hours=1)


@click.command("confirm")
@click.argument("client_id", metavar="ID")
@click.option("--purpose", "purposes", multiple=True, required=True, help="A purpose it still needs. Repeatable.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day by which it is confirmed again.")
def confirm(client_id: str, purposes: tuple[str, ...], until: datetime | None) -> None:
    """Confirm that a client still needs its purposes, by default for GATEWAY_GRANT_DAYS.

    A purpose that nobody confirms by its date, or that is not used for GATEWAY_UNUSED_GRANT_DAYS, ends by itself,
    thirty days after a warning. One that ended is granted again.

    \b
        gateway audit grants
        gateway clients confirm billing --purpose INVOICING
        gateway clients confirm crm --purpose SERVICE_COMMUNICATION --until 2027-06-30
    """
    settings, now = read_settings(), datetime.now(UTC).replace(microsecond=0)
    by = _until(settings, until, now)
    with errors_as_sentences():
        named = purposes_named(purposes)
        found = _with(settings, lambda registrar: registrar.confirm(client_id, named, by, now))
    end = "with no date" if by is None else f"until {by:%Y-%m-%d}"
    click.echo(f"{client_id}: {' '.join(found)} {end}.", err=True)


@click.command("emergency")
@click.argument("client_id", metavar="ID")
@click.option("--purpose", required=True, help="What the tool may not read otherwise.")
@click.option("--reference", required=True, help="The number of the case, such as INC-4711.")
@click.option("--because", required=True, help="Why it cannot wait; no address, no number of a person.")
@click.option("--hours", type=click.IntRange(1, HOURS), default=4, show_default=True, help="It ends by itself then.")
def emergency(client_id: str, purpose: str, reference: str, because: str, hours: int) -> None:
    """Give a tool a purpose for some hours; it ends by itself, and somebody else reviews it.

    \b
        gateway --as OPS-2 clients emergency noc --purpose SERVICE_COMMUNICATION --reference INC-4711 \\
            --because "Mail is down, and customers must be told" --hours 4
    The tool asks for a token with the new scope. The number that is printed is for `gateway clients review`.
    """
    settings, staff, now = read_settings(), _staff(), datetime.now(UTC).replace(microsecond=0)
    with errors_as_sentences():
        (named,) = purposes_named([purpose])
        length = timedelta(hours=hours)
        id_ = _with(
            settings,
            lambda registrar: registrar.open_emergency(client_id, named, reference, because, length, staff, now),
        )
    click.echo(f"{client_id} has {named.name} until {now + length:%Y-%m-%d %H:%M} UTC.", err=True)
    click.echo(str(id_))


@click.command("end-emergency")
@click.argument("grant", type=int)
def end_emergency(grant: int) -> None:
    """End an emergency GRANT before its time.

    \b
        gateway --as OPS-2 clients end-emergency 4711
    """
    settings = read_settings()
    with errors_as_sentences():
        _with(settings, lambda registrar: registrar.end_emergency(grant, datetime.now(UTC).replace(microsecond=0)))


@click.command("review")
@click.argument("grant", type=int)
@click.option("--finding", required=True, help="What you found; no address, no number of a person.")
def review(grant: int, finding: str) -> None:
    """Record the review of an emergency GRANT, by somebody else than who gave it.

    What was read meanwhile is in `gateway audit grants`.

    \b
        gateway --as LG-7 clients review 4711 --finding "Two hundred customers of the case, as said"
    """
    settings, staff = read_settings(), _staff()
    with errors_as_sentences():
        now = datetime.now(UTC).replace(microsecond=0)
        _with(settings, lambda registrar: registrar.review(grant, finding, staff, now))


def _staff() -> str:
    found = staff_code()
    if found is None:
        raise click.UsageError("Say who you are: `gateway --as CODE …`, with your code of `gateway staff list`.")
    return found


def _until(settings: Settings, day: datetime | None, now: datetime) -> datetime | None:
    if day is not None:
        until = end_of_day(day.date(), settings.time_zone)
        if until <= now:
            raise click.UsageError("--until is a day to come.")
        return until
    return now + timedelta(days=settings.grant_days) if settings.grant_days else None


def _with(settings: Settings, work: Callable[[GrantRegistrar], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(GrantRegistrar(store))
        finally:
            await store.close()

    return server.run(run())
