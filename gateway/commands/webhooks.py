"""`gateway webhooks` and `gateway outbox`: registers receivers of events, and inspects and retries messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click
import orjson

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.deliveries import make_http_client
from gateway.run.stores import store_config
from policy.events import Event
from store.database.store import open_store
from workers.outbox.register import STATES, Webhooks

Result = TypeVar("Result")


@click.group()
def webhooks() -> None:
    """Register internal systems for signed event webhooks.

    \b
        gateway webhooks add crm https://crm.example.com/hook --event customer.profile.changed
        gateway webhooks test crm
    """


@webhooks.command("events")
def events() -> None:
    """List the event types.

    \b
        gateway webhooks events
    """
    for event in Event:
        click.echo(f"{event.wire:<26} {event.text}")


@webhooks.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--event", "wanted", multiple=True, help="What it is told of; everything when left out. Repeatable.")
def add(name: str, url: str, wanted: tuple[str, ...]) -> None:
    """Register a system for events from now on. Its secret is printed once, alone on standard output.

    \b
        gateway webhooks add crm https://crm.example.com/hook --event customer.profile.changed --event customer.erased
    """
    secret = _with(lambda register, _: register.add(name, url, wanted, _now()))
    # Only the secret goes to stdout, so that a script can take it.
    click.echo(f"{name} is told. The secret that verifies what it gets, shown this once:", err=True)
    click.echo(secret)


@webhooks.command("list")
def list_() -> None:
    """List the systems, with their waiting and dead messages.

    \b
        gateway webhooks list
    """
    for row in _with(lambda register, _: register.listed()):
        wanted = " ".join(orjson.loads(row.events)) or "everything"
        state = "disabled" if row.disabled_at else f"{row.waiting} waiting, {row.dead} dead"
        click.echo(f"{row.name:<16} {state:<24} {row.url}  {wanted}")


@webhooks.command("rotate")
@click.argument("name")
@click.option("--overlap", type=click.IntRange(0, 30 * 24), default=24, show_default=True, help="Hours both sign.")
def rotate(name: str, overlap: int) -> None:
    """Rotate a system's secret; for a day, or --overlap hours, messages are signed with both.

    \b
        gateway webhooks rotate crm
    The old one is known to others? Then it ends now:
        gateway webhooks rotate crm --overlap 0
    """
    secret = _with(lambda register, _: register.rotate(name, timedelta(hours=overlap), _now()))
    click.echo(f"{name} has a new secret; the old one signs beside it for {overlap} more hours:", err=True)
    click.echo(secret)


@webhooks.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Disable a system; messages that waited for it become dead letters.

    \b
        gateway webhooks disable crm
    """
    left = _with(lambda register, _: register.disable(name, _now()))
    click.echo(f"{name} is told nothing more; {left} messages that waited are dead.")


@webhooks.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Enable a system again; missed messages can be replayed.

    \b
        gateway webhooks enable crm
        gateway outbox replay --to crm
    """
    _with(lambda register, _: register.enable(name))
    click.echo(f"{name} is told again.")


@webhooks.command("test")
@click.argument("name")
def test(name: str) -> None:
    """Send a signed message of type webhook.test to a system, and report the result.

    \b
        gateway webhooks test crm
    """
    _with(lambda register, settings: register.test(name, make_http_client(settings), _now()))
    click.echo(f"{name} took the message.")


@click.group()
def outbox() -> None:
    """Inspect undelivered messages, and retry dead letters. No content is shown.

    \b
        gateway outbox list
        gateway outbox replay --to crm
    """


@outbox.command("list")
@click.option("--state", type=click.Choice(list(STATES)), default="waiting", show_default=True)
@click.option("--to", "name", help="Of one system only.")
def outbox_list(state: str, name: str | None) -> None:
    """List the newest messages in a state.

    \b
        gateway outbox list
        gateway outbox list --state delivered --to crm
        gateway outbox list --state held
    """
    _echo(_with(lambda register, _: register.messages(state, name)))


@outbox.command("dead")
@click.option("--to", "name", help="Of one system only.")
def dead(name: str | None) -> None:
    """List the newest dead letters, and why they were given up.

    \b
        gateway outbox dead --to crm
    """
    _echo(_with(lambda register, _: register.messages("dead", name)))


@outbox.command("show")
@click.argument("id_", metavar="ID", type=int)
def show(id_: int) -> None:
    """Show the state of one message.

    \b
        gateway outbox show 829437298437
    """
    for row in _with(lambda register, _: register.messages(None, id_=id_)):
        for name, value in row._mapping.items():
            click.echo(f"{name:<16} {'' if value is None else value}".rstrip())


@outbox.command("replay")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--to", "name", help="Everything of one system that was given up.")
@click.option("--all", "everything", is_flag=True, help="Everything that was given up.")
def replay(ids: tuple[int, ...], name: str | None, everything: bool) -> None:
    """Retry dead letters. A delivered message is sent again only if its ID is given.

    \b
        gateway outbox replay --to crm
        gateway outbox replay 829437298437
    """
    count = _with(lambda register, _: register.replay(ids, name, everything, _now()))
    click.echo(f"{count} messages will be tried again.")


def _echo(rows: Any) -> None:
    for row in rows:
        what = row.event or row.topic
        to = row.name or "mail"
        line = f"{row.id:<20} {row.created_at:%Y-%m-%d %H:%M}  {to:<16} {what:<26} {row.attempts:>3}"
        held = f"HELD by import {row.held_by}" if row.held_by and not row.dead_at else ""
        click.echo(f"{line}  {row.trouble or held}".rstrip())


def _with(work: Callable[[Webhooks, Settings], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(Webhooks(store), settings)
        finally:
            await store.close()

    with errors_as_sentences():
        return server.run(run())


def _now() -> datetime:
    return datetime.now(UTC)
