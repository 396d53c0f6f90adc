"""`gateway documents`: publishes, lists and retires trusted documents, and steps from ad hoc ones to these alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click

from audits.reports.documents import documents_report, listed_documents
from audits.reports.query_report import query_report
from audits.reports.reading import Readers
from audits.schema.sources import UnreadableError
from gateway.commands.audit.output import FOUND, leave_report, output_options, unreadable_as_sentence
from gateway.commands.audit.query import explained
from gateway.commands.audit.store import from_store
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.stores import store_config
from policy.purposes import Purpose
from resolvers.clients.documents import DocumentRegistrar
from schema.documents.manifests import PublishedDocument, read_documents
from store.database.store import open_store

Result = TypeVar("Result")
client_argument = click.argument("client_id", metavar="CLIENT")
purpose_option = click.option(
    "--purpose", type=click.Choice(list(Purpose.__members__)), metavar="NAME", help="Register them for this purpose."
)


@click.group()
def documents() -> None:
    """Publish the documents of a client, and accept no others from it.

    \b
    In the client's build, each release once:
        gateway documents publish phone persisted-queries.json --release 2.3.1
    Stepwise, from any document to registered ones alone:
        gateway documents observe phone      # counts what is not registered, and answers it
        gateway documents list phone         # until nothing is counted any more
        gateway documents enforce phone      # refuses what is not registered
    When a release is used no more:
        gateway documents retire phone --release 2.3.0
    """


@documents.command("publish")
@client_argument
@click.argument("sources", nargs=-1, required=True, metavar="FILE...")
@click.option("--release", required=True, help="The release of the client that sends them, such as 2.3.1.")
@purpose_option
@click.option("--acting", is_flag=True, help="An agent may change something by them, at /mcp.")
@click.option("--check", "check", is_flag=True, help="Only tell whether they could be published.")
@output_options()
def publish(
    client_id: str,
    sources: tuple[str, ...],
    release: str,
    purpose: str | None,
    acting: bool,
    check: bool,
    form: str | None,
    output: Path | None,
) -> None:
    """Register documents for a release of a client, all or none.

    FILE is Relay's or Apollo's manifest, a file of GraphQL, or a folder of such files. Each document is judged as by
    `gateway audit query`: one that would be refused or withheld for all of the client's purposes fails the build, with
    the reason, and nothing is published. What is registered already stays as it is. At /mcp the documents of a client
    with the action `agent` are its tools: queries, and mutations only if they were published with --acting.

    \b
        gateway documents publish phone persisted-queries.json --release 2.3.1
        gateway documents publish billing documents/ --release 7 --purpose INVOICING
        gateway documents publish phone manifest.json --release 2.3.1 --check
        gateway documents publish assistant errands/ --release 1 --purpose INVOICING
    \b
    Exit code 1 when a document would not be answered, 2 when a file cannot be read, 3 when the client cannot have it.
    """
    with unreadable_as_sentence():
        found = {each.hash: each for source in sources for each in read_documents(source)}
        judged = explained([each.text for each in found.values()], client_id, purpose)
        if not all(each.answered for each in judged):
            leave_report(query_report(client_id, [each for each in judged if not each.answered]), form, output)
            click.echo("Nothing was published.", err=True)
            raise SystemExit(FOUND)
    if check:
        click.echo(f"{_counted(len(found))} could be published for {client_id}.", err=True)
        return
    _publish(client_id, found, release, purpose, acting)


def _publish(
    client_id: str, found: dict[str, PublishedDocument], release: str, purpose: str | None, acting: bool
) -> None:
    texts = {each.hash: each.text.text for each in found.values()}
    why = None if purpose is None else Purpose[purpose]
    done = _with(lambda registrar, now: registrar.publish(client_id, texts, release, why, now, acting=acting))
    click.echo(f"{_counted(len(texts))} of {client_id} {release}: {done.new} new, {done.known} registered before.")


@documents.command("list")
@click.argument("client_id", metavar="[CLIENT]", required=False)
@output_options()
def list_(client_id: str | None, form: str | None, output: Path | None) -> None:
    """List registered documents with their releases and their use, and ad hoc documents of observed clients.

    Ad hoc documents are named by a hash without values, as in the ledger.

    \b
        gateway documents list
        gateway documents list phone --format json
    """

    async def read(readers: Readers) -> None:
        found = await listed_documents(readers.main, client_id)
        if client_id is not None and not found:
            raise UnreadableError(f"There is no client {client_id}.")
        leave_report(documents_report(found, datetime.now(UTC)), form, output)

    with unreadable_as_sentence():
        from_store(read)


@documents.command("retire")
@client_argument
@click.option("--release", required=True, help="The release that is not used any more.")
@click.option("--unused-days", type=click.IntRange(1), default=30, show_default=True, help="Unused for how many days.")
@click.option("--anyway", is_flag=True, help="Although they are still used.")
def retire(client_id: str, release: str, unused_days: int, anyway: bool) -> None:
    """Remove a release, with the documents that no other release has.

    It is refused while one of them was used in the last 30 days.

    \b
        gateway documents retire phone --release 2.3.0
    """
    days = timedelta(days=unused_days)
    gone = _with(lambda registrar, now: registrar.retire(client_id, release, now, None if anyway else now - days))
    click.echo(f"{client_id} {release} is retired: {_counted(gone)} removed.")


@documents.command("observe")
@client_argument
def observe(client_id: str) -> None:
    """Count the documents of a client that are not registered, from now on, and answer them.

    \b
        gateway documents observe phone
    """
    _with(lambda registrar, now: registrar.observe(client_id, now))
    click.echo(f"{client_id} is observed: gateway documents list {client_id} tells what is not registered.")


@documents.command("enforce")
@client_argument
@click.option("--anyway", is_flag=True, help="Although it was not observed, or still sends others.")
def enforce(client_id: str, anyway: bool) -> None:
    """Refuse the documents of a client that are not registered.

    It is refused for a client that was not observed before, or that still sent others since.

    \b
        gateway documents enforce phone
    """
    _with(lambda registrar, now: registrar.enforce(client_id, now, anyway))
    click.echo(f"{client_id} may send registered documents only.")


@documents.command("open")
@client_argument
def open_(client_id: str) -> None:
    """Answer any document of a client again, and count none.

    \b
        gateway documents open phone
    """
    _with(lambda registrar, now: registrar.open(client_id, now))
    click.echo(f"{client_id} may send any document.")


def _with(work: Callable[[DocumentRegistrar, datetime], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(DocumentRegistrar(store), datetime.now(UTC).replace(microsecond=0))
        finally:
            await store.close()

    with errors_as_sentences():
        return server.run(run())


def _counted(number: int) -> str:
    return f"{number} document{'' if number == 1 else 's'}"
