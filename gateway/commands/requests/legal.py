"""`gateway legal`: binding requests of authorities, signed by two officers, and their answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
from resolvers.legal.orders import APPROVES, REFUSES, LegalRequestError, NewRequest
from resolvers.legal.reading import RestingField
from resolvers.legal.requests import Legal
from schema.api.build import core_schema
from schema.model.model import SchemaModel
from schema.model.resting import resting_fields
from store.database.store import open_store

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])
DAY = click.DateTime(formats=["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def legal() -> None:
    """File a binding request, have a second officer decide, answer the fields that it names and no others.

    Two officers of `gateway staff` sign the same digest, which covers everything that the order names, each with a key
    that only they hold. `legal digest` prints what to sign and, on stderr, how.

    \b
        gateway legal digest "LG 4 O 123/26" --authority "Landgericht Bonn" --country DE --ground "§ 100j StPO" \\
            --customer C-100017 --field Customer.fullName --field SignIn.ipAddress \\
            --from 2026-10-01 --until 2026-10-31 --embargo 2027-05-01 > order.txt
        ssh-keygen -Y sign -n legal-request@data.example.com -f ~/.ssh/id_ed25519 order.txt
        gateway legal file … --signature order.txt.sig          # with the same options
        gateway legal digest "LG 4 O 123/26" > second.txt       # the second officer, from the register
        ssh-keygen -Y sign -n legal-request@data.example.com -f ~/.ssh/id_ed25519 second.txt
        gateway legal approve "LG 4 O 123/26" --signature second.txt.sig
        gateway legal answer "LG 4 O 123/26" > answer.json

    An order to preserve is `gateway erasures hold`.
    """


def order_options(required: bool) -> Callable[[Command], Command]:
    """Add the options for the contents of an order."""
    options = (
        click.option("--authority", required=required, help="Which court or authority."),
        click.option("--country", required=required, help="Of which country: two capitals."),
        click.option("--ground", required=required, help="The legal ground that it names."),
        click.option("--customer", help="The customer's number."),
        click.option(
            "--erasure", type=int, help="Instead: the case of the erasure of somebody who is not held any more."
        ),
        click.option("--field", "fields", multiple=True, required=required, help="A field that it names. Repeatable."),
        click.option("--from", "since", type=DAY, required=required, help="The first day of its period, in UTC."),
        click.option("--until", type=DAY, required=required, help="The last day of its period."),
        click.option("--embargo", type=DAY, help="Until when the customer may not be told: a day to come."),
    )

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _order(reference: str, given: dict[str, Any]) -> NewRequest:
    embargo = given["embargo"]
    return NewRequest(
        reference=reference,
        authority=given["authority"],
        country=given["country"],
        ground=given["ground"],
        fields=given["fields"],
        period_from=given["since"].replace(tzinfo=UTC),
        # Exclusive, so that the last day is included.
        period_until=given["until"].replace(tzinfo=UTC) + timedelta(days=1),
        customer_number=given["customer"],
        erasure=given["erasure"],
        embargoed_until=None if embargo is None else embargo.replace(tzinfo=UTC),
    )


@legal.command("digest")
@click.argument("reference")
@order_options(required=False)
def digest(reference: str, **given: Any) -> None:
    """Print what officers sign: of a request that is registered, or with the options of `file` of a new one.

    \b
        gateway legal digest "LG 4 O 123/26" > order.txt
    """
    known = {name for name, value in given.items() if value}
    # The second officer signs what is registered, not options that the first one could have mistyped.
    if not known:
        text, legal_requests = _with(
            lambda legal_requests: _paired(legal_requests, legal_requests.to_sign_again(reference))
        )
    elif missing := {"authority", "country", "ground", "fields", "since", "until"} - known:
        raise click.UsageError(f"A new request names these, too: {', '.join(sorted(missing))}.")
    else:
        new = _order(reference, given)
        text, legal_requests = _with(
            lambda legal_requests: _paired(legal_requests, legal_requests.to_sign(new, datetime.now(UTC)))
        )
    # Exactly these bytes are signed: no newline is added, and instructions go to stderr.
    click.echo(text, nl=False)
    # Two namespaces: a signature made to refuse can never be used to approve.
    for meaning, namespace in (("approve", APPROVES), ("refuse", REFUSES)):
        click.echo(f"To {meaning}: ssh-keygen -Y sign -n {legal_requests.namespace(namespace)} -f KEY FILE", err=True)


async def _paired(legal_requests: Legal, work: Awaitable[str]) -> tuple[str, Legal]:
    return await work, legal_requests


@legal.command("file")
@click.argument("reference")
@order_options(required=True)
@click.option("--signature", type=FILE, required=True, help="The officer's signature of `gateway legal digest`.")
def file(reference: str, signature: Path, **given: Any) -> None:
    """Register a request that an officer signed. Nothing is read, and nothing is disclosed.

    Requests about somebody who is not held stand in the register, too; the answer is then that nothing is, or the
    certificate of the erasure that is named by --erasure.

    \b
        gateway legal file "LG 4 O 123/26" --authority "Landgericht Bonn" --country DE --ground "§ 100j StPO" \\
            --customer C-100017 --field Customer.fullName --from 2026-10-01 --until 2026-10-31 \\
            --signature order.txt.sig
    """
    new = _order(reference, given)
    _with(lambda legal_requests: legal_requests.file(new, _text(signature), datetime.now(UTC)))
    click.echo("Filed. A second officer decides: gateway legal approve, or refuse.", err=True)


@legal.command("approve")
@click.argument("reference")
@click.option("--signature", type=FILE, required=True, help="A second officer's signature of the same digest.")
def approve(reference: str, signature: Path) -> None:
    """Approve a request as the second officer.

    \b
        gateway legal approve "LG 4 O 123/26" --signature second.txt.sig
    """
    _with(lambda legal_requests: legal_requests.approve(reference, _text(signature), datetime.now(UTC)))
    click.echo("Approved.", err=True)


@legal.command("refuse")
@click.argument("reference")
@click.option("--signature", type=FILE, required=True, help="A second officer's signature, as legal-refusal@…")
@click.option("--reason", required=True, help="Why it binds nobody, without a word about the person.")
def refuse(reference: str, signature: Path, reason: str) -> None:
    """Refuse a request that binds nobody; it stays on record with its reason.

    \b
        gateway legal refuse "LG 4 O 123/26" --signature second.txt.sig --reason "no judge signed it"
    """
    _with(lambda legal_requests: legal_requests.refuse(reference, _text(signature), reason, datetime.now(UTC)))
    click.echo("Refused.", err=True)


@legal.command("answer")
@click.argument("reference")
def answer(reference: str) -> None:
    """Print the values of the fields that an approved request names, as JSON. It is recorded before it is printed.

    \b
        gateway legal answer "LG 4 O 123/26" > answer.json
    """
    found = _with(lambda legal_requests: legal_requests.answer(reference, datetime.now(UTC)))
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


@legal.command("list")
def list_() -> None:
    """List the requests, the newest first, refused ones and those about nobody who is held, too.

    \b
        gateway legal list
    """
    for row in _with(lambda legal_requests: legal_requests.listed()):
        who = " and ".join(filter(None, (row.officer, row.second_officer)))
        about = "" if row.customer_id is not None else f" erased: {row.erasure_id}" if row.erasure_id else " not held"
        why = f" — {row.reason}" if row.reason else ""
        fields = " ".join(orjson.loads(row.fields))
        click.echo(f"{row.reference:<24} {row.state:<9}{about} {row.authority}: {fields} ({who}){why}")


@legal.command("fields")
def fields() -> None:
    """List the fields that an order can name.

    \b
        gateway legal fields
    """
    for coordinate in sorted(_fields()):
        click.echo(coordinate)


def _fields() -> Mapping[str, RestingField]:
    return resting_fields(SchemaModel(core_schema()))


def _text(path: Path) -> str:
    # A signature has a few hundred bytes; what is none is refused by the verification.
    return path.read_bytes()[:20_000].decode("utf-8", "replace")


def _with(work: Callable[[Legal], Awaitable[Result]]) -> Result:
    settings = read_settings()
    try:
        with errors_as_sentences():
            return server.run(_on_store(settings, work))
    except LegalRequestError as refused:
        raise click.ClickException(str(refused)) from None


async def _on_store(settings: Settings, work: Callable[[Legal], Awaitable[Result]]) -> Result:
    store = await open_store(store_config(settings))
    try:
        return await work(Legal(store, make_site(settings), _fields(), settings.references))
    finally:
        await store.close()
