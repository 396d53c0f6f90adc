"""`gateway partners`: registers processors, the fields they may get, and their undertakings (R7, GDPR Art. 28)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click
import orjson

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.commands.outdated_documents import warn_of_outdated_documents
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.clients.registration import purposes_named
from resolvers.registers.partners import NewPartner, PartnerError, Partners
from schema.api.build import declared_rules
from store.database.store import open_store

Result = TypeVar("Result")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def partners() -> None:
    """Register processors: the fields each may get, and its undertaking of confidentiality.

    \b
        gateway partners register Printers --country CH --purpose INVOICING \\
            --field Customer.fullName --field Customer.postalAddress
        gateway partners undertake Printers undertaking.pdf --since 2026-11-01
        gateway clients create printers --kind tool --name Printers --purpose INVOICING
        gateway partners tie Printers printers
    """


@partners.command("register")
@click.argument("name")
@click.option("--country", required=True, help="Where it is: two capitals, as customers are shown.")
@click.option("--purpose", required=True, help="The part of the contract that it carries out, such as INVOICING.")
@click.option("--field", "fields", multiple=True, required=True, help="A field it may get. Repeatable; no others.")
def register(name: str, country: str, purpose: str, fields: tuple[str, ...]) -> None:
    """Register a partner. It gets nothing before its undertaking.

    A partner carries out a part of the contract with the customer: so it works for none of the purposes that promote,
    measure or personalise, and gets no login details and no card.

    \b
        gateway partners register Printers --country CH --purpose INVOICING --field Customer.fullName
    """
    (why,) = purposes_named((purpose,))
    # The fields are checked against the schema: a partner never gets login details or cards (R7).
    rules = tuple(declared_rules().values())
    new = NewPartner(name, country, why, fields)
    _with(lambda register: register.register(new, rules, datetime.now(UTC)))
    click.echo(f"{name} is registered; it gets nothing before `gateway partners undertake`.")


@partners.command("undertake")
@click.argument("name")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", type=DAY, required=True, help="The day it was signed, such as 2026-11-01.")
def undertake(name: str, document: Path, since: datetime) -> None:
    """Record a partner's undertaking of confidentiality: its date, and the hash of the signed document.

    \b
        gateway partners undertake Printers undertaking.pdf --since 2026-11-01
    """
    # The document stays with the operator: its hash proves later which text was signed, without storing signatures.
    digest = hashlib.sha256(document.read_bytes()).digest()
    _with(lambda register: register.undertake(name, digest, since.replace(tzinfo=UTC), datetime.now(UTC)))
    click.echo(f"{name} is bound since {since:%Y-%m-%d}; SHA-256 {digest.hex()}.")
    warn_of_outdated_documents()


@partners.command("tie")
@click.argument("name")
@click.argument("client_id", metavar="CLIENT")
def tie(name: str, client_id: str) -> None:
    """Assign a client to a partner: it gets the partner's fields for the partner's purpose, and no others.

    \b
        gateway partners tie Printers printers
    """
    _with(lambda register: register.tie(name, client_id, datetime.now(UTC)))
    click.echo(f"{client_id} is a client of {name}.")


@partners.command("end")
@click.argument("name")
def end(name: str) -> None:
    """End a partner's undertaking: its tokens are refused from the next request on.

    \b
        gateway partners end Printers
    """
    _with(lambda register: register.end(name, datetime.now(UTC)))
    click.echo(f"{name} gets nothing any more.")
    warn_of_outdated_documents()


@partners.command("list")
def list_() -> None:
    """List the partners with the date of the undertaking, the purpose and the fields.

    \b
        gateway partners list
    """
    for row in _with(lambda register: register.listed()):
        state = "ended" if row.ended_at else f"since {row.undertaken_at:%Y-%m-%d}" if row.undertaken_at else "not bound"
        click.echo(f"{row.name:<20} {row.country}  {state:<16} {row.purpose:<24} {' '.join(orjson.loads(row.fields))}")


def _with(work: Callable[[Partners], Awaitable[Result]]) -> Result:
    settings = read_settings()
    try:
        with errors_as_sentences():
            return server.run(_on_store(settings, work))
    except PartnerError as refused:
        raise click.ClickException(str(refused)) from None


async def _on_store(settings: Settings, work: Callable[[Partners], Awaitable[Result]]) -> Result:
    store = await open_store(store_config(settings))
    try:
        return await work(Partners(store))
    finally:
        await store.close()
