"""`gateway affiliates`: registers companies that take payments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.commands.outdated_documents import warn_of_outdated_documents
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from policy.payments import PAYMENT_KINDS
from resolvers.registers.affiliates import AffiliateError, Affiliates
from store.database.store import open_store

Result = TypeVar("Result")


@click.group()
def affiliates() -> None:
    """Register the companies that may receive a card for a payment.

    \b
        gateway affiliates register "Example Acquirer" https://pay.example.com/cards --kind CARD --country CH
        gateway affiliates list
    """


@affiliates.command("register")
@click.argument("name")
@click.argument("url")
@click.option("--kind", type=click.Choice(PAYMENT_KINDS), default="CARD", show_default=True, help="The way to pay.")
@click.option("--country", required=True, help="Where the company is: two capitals, as the customer is shown.")
def register(name: str, url: str, kind: str, country: str) -> None:
    """Let a company take payments. Its secret is printed once, alone on standard output.

    \b
        gateway affiliates register "Example Acquirer" https://pay.example.com/cards --country CH
    """
    secret = _with(lambda register: register.register(name, kind, url, country, datetime.now(UTC)))
    click.echo(f"{name} takes payments. The secret that verifies what it gets, shown this once:", err=True)
    click.echo(secret)
    warn_of_outdated_documents()


@affiliates.command("list")
def list_() -> None:
    """List the companies.

    \b
        gateway affiliates list
    """
    for row in _with(lambda register: register.listed()):
        state = "disabled" if row.disabled_at else "takes payments"
        click.echo(f"{row.name:<28} {row.kind:<14} {row.country}  {state:<16} {row.url}")


@affiliates.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Stop sending payments to a company.

    \b
        gateway affiliates disable "Example Acquirer"
    """
    _with(lambda register: register.set_disabled(name, datetime.now(UTC)))
    click.echo(f"{name} gets no card any more.")
    warn_of_outdated_documents()


@affiliates.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let a company take payments again.

    \b
        gateway affiliates enable "Example Acquirer"
    """
    _with(lambda register: register.set_disabled(name, None))
    click.echo(f"{name} takes payments.")
    warn_of_outdated_documents()


def _with(work: Callable[[Affiliates], Awaitable[Result]]) -> Result:
    settings = read_settings()
    try:
        with errors_as_sentences():
            return server.run(_on_store(settings, work))
    except AffiliateError as refused:
        raise click.ClickException(str(refused)) from None


async def _on_store(settings: Settings, work: Callable[[Affiliates], Awaitable[Result]]) -> Result:
    store = await open_store(store_config(settings))
    try:
        return await work(Affiliates(store))
    finally:
        await store.close()
