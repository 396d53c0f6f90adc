"""`gateway legal`: binding requests of authorities, from the letter to the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click
import orjson

from gateway import server
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.legal import Legal, LegalRefused, NewRequest, resting_columns
from gateway.serving import store_config
from gateway.settings import Settings
from store.database import open_store

Result = TypeVar("Result")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def legal() -> None:
    """File a binding request, have a second person decide, answer the fields that it names and no others.

    \b
        gateway legal file "LG 4 O 123/26" --authority "Landgericht Bonn" --country DE --ground "§ 100j StPO" \\
            --customer K-100017 --field Customer.fullName --field SignIn.ipAddress --officer "A. Meier" \\
            --embargo 2027-05-01
        gateway legal approve "LG 4 O 123/26" --officer "B. Roth"
        gateway legal answer "LG 4 O 123/26" > answer.json

    An order to preserve is `gateway erasures hold`.
    """


@legal.command("file")
@click.argument("reference")
@click.option("--authority", required=True, help="Which court or authority.")
@click.option("--country", required=True, help="Of which country: two capitals.")
@click.option("--ground", required=True, help="The legal ground that it names.")
@click.option("--customer", required=True, help="The customer's number.")
@click.option("--field", "fields", multiple=True, required=True, help="A field that it names. Repeatable; no others.")
@click.option("--officer", required=True, help="Who files it: the name goes on record.")
@click.option("--embargo", type=DAY, help="Until when the customer may not be told.")
def file(
    reference: str,
    authority: str,
    country: str,
    ground: str,
    customer: str,
    fields: tuple[str, ...],
    officer: str,
    embargo: datetime | None,
) -> None:
    """Note a request. Nothing is read, and nothing leaves.

    \b
        gateway legal file "LG 4 O 123/26" --authority "Landgericht Bonn" --country DE --ground "§ 100j StPO" \\
            --customer K-100017 --field Customer.fullName --officer "A. Meier"
    """
    until = None if embargo is None else embargo.replace(tzinfo=UTC)
    new = NewRequest(reference, authority, country, ground, customer, fields, officer, until)
    _with(lambda desk: desk.file(new, datetime.now(UTC)))
    click.echo("Filed. A second person decides: gateway legal approve, or refuse.", err=True)


@legal.command("approve")
@click.argument("reference")
@click.option("--officer", required=True, help="Who approves it: somebody else than who filed it.")
def approve(reference: str, officer: str) -> None:
    """Approve a request as the second person.

    \b
        gateway legal approve "LG 4 O 123/26" --officer "B. Roth"
    """
    _with(lambda desk: desk.decide(reference, officer, True, datetime.now(UTC)))
    click.echo("Approved.", err=True)


@legal.command("refuse")
@click.argument("reference")
@click.option("--officer", required=True, help="Who refuses it: somebody else than who filed it.")
def refuse(reference: str, officer: str) -> None:
    """Refuse a request that binds nobody; it stays on record.

    \b
        gateway legal refuse "LG 4 O 123/26" --officer "B. Roth"
    """
    _with(lambda desk: desk.decide(reference, officer, False, datetime.now(UTC)))
    click.echo("Refused.", err=True)


@legal.command("answer")
@click.argument("reference")
def answer(reference: str) -> None:
    """Print the values of the fields that an approved request names, as JSON. It is recorded before it is printed.

    \b
        gateway legal answer "LG 4 O 123/26" > answer.json
    """
    found = _with(lambda desk: desk.answer(reference, datetime.now(UTC)))
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


@legal.command("list")
def list_() -> None:
    """List the requests, the newest first.

    \b
        gateway legal list
    """
    for row in _with(lambda desk: desk.listed()):
        who = " and ".join(filter(None, (row.officer, row.second_officer)))
        click.echo(f"{row.reference:<24} {row.state:<9} {row.authority}: {' '.join(orjson.loads(row.fields))} ({who})")


@legal.command("fields")
def fields() -> None:
    """List the fields that an order can name.

    \b
        gateway legal fields
    """
    for coordinate in sorted(resting_columns()):
        click.echo(coordinate)


def _with(work: Callable[[Legal], Awaitable[Result]]) -> Result:
    settings = read_settings()
    try:
        with told_in_a_sentence():
            return server.run(_on_store(settings, work))
    except LegalRefused as refused:
        raise click.ClickException(str(refused)) from None


async def _on_store(settings: Settings, work: Callable[[Legal], Awaitable[Result]]) -> Result:
    store = await open_store(store_config(settings))
    try:
        return await work(Legal(store, settings.references))
    finally:
        await store.close()
