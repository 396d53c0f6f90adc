"""`gateway audit query`: explains if a client may send a document, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from audits.reports.clients import registrations
from audits.reports.query_report import Explanation, query_report
from audits.reports.reading import Readers
from audits.schema.sources import Text, read_text
from gateway.commands.audit.output import FOUND, leave_report, output_options, read_facts, unreadable_as_sentence
from gateway.commands.audit.store import from_store
from policy.purposes import Purpose


@click.command("query")
@click.argument("documents", nargs=-1, required=True, metavar="FILE...")
@click.option("--client", "client_id", required=True, metavar="ID", help="The client that would send it.")
@click.option("--purpose", type=click.Choice(list(Purpose.__members__)), metavar="NAME", help="What it is for.")
@output_options()
def query_(
    documents: tuple[str, ...], client_id: str, purpose: str | None, form: str | None, output: Path | None
) -> None:
    """Explain if a client may send a document.

    Field by field, with the columns that would be read. Without --purpose it is judged for the purpose that the
    document states or is registered for, else for each of the client's: one that allows it is enough.

    \b
        gateway audit query invoice.graphql --client billing
        gateway audit query call.graphql --client noc --purpose EMERGENCY_CONTACT
        gateway audit query documents/*.graphql --client web --format json
    \b
    Exit code 1 when something would be refused or withheld, 2 when a file or the client cannot be found.
    """
    with unreadable_as_sentence():
        texts = [read_text(each) for each in documents]
        found = explained(texts, client_id, purpose)
        leave_report(query_report(client_id, found), form, output)
    if not all(each.answered for each in found):
        raise SystemExit(FOUND)


def explained(texts: Sequence[Text], client_id: str, purpose: str | None) -> list[Explanation]:
    """Judge documents for a client of the store; UsageError if there is none of this id."""
    # Strawberry takes half a second to import, which no other audit needs.
    from schema.api.build import core_schema
    from schema.execution.explaining import Explainer
    from schema.model.model import SchemaModel

    facts = read_facts(None)

    async def read(readers: Readers) -> list[Explanation]:
        registered = {each.id: each for each in await registrations(readers.main) if each.disabled_at is None}
        client = registered.get(client_id)
        if client is None:
            raise click.UsageError(f"There is no client {client_id}. There are: {', '.join(registered) or 'none'}")
        explainer = Explainer(SchemaModel(core_schema()), facts, client, readers.main)
        return [explainer.explain(text, purpose) for text in texts]

    return from_store(read)
