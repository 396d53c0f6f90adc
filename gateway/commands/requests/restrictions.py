"""`gateway restrictions` and `gateway objections`: handles requests under GDPR Art. 18 and 21."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gateway.commands.acts import staff_code
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
from policy.purposes import Purpose
from policy.restricting import Ground
from resolvers.restriction.by_staff import MOST, Rights, RightsError
from store.database.store import open_store

Result = TypeVar("Result")
DAY = click.DateTime(formats=["%Y-%m-%d"])
PURPOSE = click.Choice([purpose.name for purpose in Purpose])


@click.group("restrictions")
def restrictions() -> None:
    """List, impose and lift restrictions of processing (GDPR Art. 18).

    \b
        gateway restrictions list
        gateway restrictions restrict C-100017 --ground ACCURACY_CONTESTED --reference REQ-12
        gateway restrictions lift C-100017 --because "The address was verified."
    """


@restrictions.command("list")
def list_restrictions() -> None:
    """List the restrictions in force, by the customer's number.

    \b
        gateway restrictions list
    """
    found = _with(lambda rights: rights.restrictions())
    if not found:
        click.echo("Nobody's processing is restricted.", err=True)
    for number, row in found:
        click.echo(f"{number:<16} {row.ground:<20} since {row.since:%Y-%m-%d}  {_lifting(row)}")
    _say_cut(len(found))


def _say_cut(shown: int) -> None:
    if shown >= MOST:
        click.echo(f"… and more: these are the first {MOST}.", err=True)


def _lifting(row: object) -> str:
    announced, announced_on = getattr(row, "lift_announced_at", None), getattr(row, "told_at", None)
    if announced is None:
        return "stands"
    return "NOT TOLD YET: it is not lifted before" if announced_on is None else f"told on {announced_on:%Y-%m-%d}"


@restrictions.command()
@click.argument("number")
@click.option("--ground", type=click.Choice([ground.name for ground in Ground]), required=True, help="Art. 18(1).")
@click.option("--reference", required=True, help="The case of the request, such as REQ-12.")
def restrict(number: str, ground: str, reference: str) -> None:
    """Restrict processing for the customer with this NUMBER, at once; they are written to.

    \b
        gateway restrictions restrict C-100017 --ground UNLAWFUL --reference REQ-12
    """
    new = _with(lambda rights: rights.restrict(number, Ground[ground], reference, datetime.now(UTC)))
    already = "It was restricted already; this request is on record, and a lift that was announced is void."
    click.echo("Restricted from now on." if new else already, err=True)


@restrictions.command()
@click.argument("number")
@click.option("--because", required=True, help="The reason, as the customer is told it.")
@click.option("--every-ground", is_flag=True, help="It stands on several grounds, and the reason is about each.")
def lift(number: str, because: str, every_ground: bool) -> None:
    """Inform the customer with this NUMBER that the restriction will be lifted, and why (Art. 18(3)).

    It is lifted automatically, three days after the e-mail was delivered or rejected permanently.

    \b
        gateway restrictions lift C-100017 --because "The address was verified."
    """
    _with(lambda rights: rights.lift(number, because, datetime.now(UTC), every_ground))
    click.echo("The customer is written to; the restriction is lifted three days after that arrived.", err=True)


@restrictions.command("told")
@click.argument("number")
@click.option("--on", type=DAY, required=True, help="The day on which the letter was posted.")
def announced_on(number: str, on: datetime) -> None:
    """Record that the customer with this NUMBER was told by post, where no e-mail arrives.

    It is about a lifting, and about objections that are overridden. The day is one of GATEWAY_TIME_ZONE; the three days
    count from its end.

    \b
        gateway restrictions told C-100017 --on 2027-03-01
    """
    _with(lambda rights: rights.announced(number, on.date(), datetime.now(UTC)))


@click.group("objections")
def objections() -> None:
    """List objections, and decide them within the month (GDPR Art. 12(3), 21).

    \b
        gateway objections list
        gateway objections decide C-100017 ACCOUNT_SECURITY --overridden --because "Attacks on your account."
    """


@objections.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are decided, too.")
def list_objections(every: bool) -> None:
    """List objections, the earliest answer first.

    \b
        gateway objections list --all
    """
    found, now = _with(lambda rights: rights.objections(every)), datetime.now(UTC)
    if not found:
        click.echo("No objection waits.", err=True)
    for number, row in found:
        late = "OVERDUE " if row.state == "PENDING" and row.answer_by < now else ""
        click.echo(f"{number:<16} {row.purpose:<26} {row.state:<10} {late}answer by {row.answer_by:%Y-%m-%d}")
    _say_cut(len(found))


@objections.command("object")
@click.argument("number")
@click.argument("purpose", type=PURPOSE)
@click.option("--reference", required=True, help="The case of the request, such as REQ-12.")
def object_(number: str, purpose: str, reference: str) -> None:
    """Record an objection of the customer with this NUMBER to a PURPOSE.

    It stands still from now on, unless it goes on under a restriction, too (docs/restriction.md).

    \b
        gateway objections object C-100017 PRODUCT_NEWS --reference REQ-12
    """
    new = _with(lambda rights: rights.object(number, Purpose[purpose], reference, datetime.now(UTC)))
    click.echo("Recorded." if new else "There was an objection already; this request is on record.", err=True)


@objections.command()
@click.argument("number")
@click.argument("purpose", type=PURPOSE)
@click.option("--upheld/--overridden", "upheld", default=None, required=True, help="Whether it holds.")
@click.option("--because", required=True, help="The reason, as the customer is told it.")
def decide(number: str, purpose: str, upheld: bool, because: str) -> None:
    """Decide the objection of the customer with this NUMBER to a PURPOSE.

    \b
        gateway objections decide C-100017 PERSONALISE_COMMUNICATION --upheld --because "You asked us not to."
    """
    _with(lambda rights: rights.decide(number, Purpose[purpose], upheld, because, datetime.now(UTC)))
    click.echo("The customer is written to.", err=True)


def _with(work: Callable[[Rights], Awaitable[Result]]) -> Result:
    settings, staff = read_settings(), staff_code()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(Rights(store, make_site(settings), staff))
        finally:
            await store.close()

    try:
        with errors_as_sentences():
            return server.run(run())
    except RightsError as refused:
        raise click.ClickException(str(refused)) from None
