"""`gateway schema print`: the whole schema, or the contract of a purpose or a client."""

from __future__ import annotations

import click

from audits.reports.clients import AuditedClient, registrations
from audits.reports.reading import Readers
from gateway.commands.audit.output import unreadable_as_sentence
from gateway.commands.audit.store import from_store
from policy.purposes import Purpose


@click.command("print")
@click.option("--purpose", type=click.Choice(list(Purpose.__members__)), metavar="NAME", help="Only what it may read.")
@click.option("--client", "client_id", metavar="ID", help="Only what this client can use, for any of its purposes.")
@click.option("--semantic-non-null", "semantic", is_flag=True, help="Types stay nullable; @semanticNonNull says more.")
@click.option("--storage", is_flag=True, help="Name the column that each field shows, for auditors.")
@click.option("--federation", is_flag=True, help="As a subgraph of Apollo Federation 2.")
def print_(purpose: str | None, client_id: str | None, semantic: bool, storage: bool, federation: bool) -> None:
    """Print the schema in the Schema Definition Language, with the purposes of every field.

    With --purpose or --client it is a contract, for code generators: what may not be read is not there, and what the
    store always has is `!`, while in the whole schema it is nullable so that it can be withheld.

    \b
        gateway schema print > schema/schema.graphql
        gateway schema print --purpose INVOICING > invoicing.graphql
        gateway schema print --client web > web.graphql
        gateway schema print --semantic-non-null             # for clients that read @semanticNonNull
        gateway schema print --storage > audited.graphql
        gateway schema print --federation > subgraph.graphql # docs/federation.md
    """
    if storage or federation:
        if purpose is not None or client_id is not None or semantic or (storage and federation):
            option = "--storage" if storage else "--federation"
            raise click.UsageError(f"{option} is of the whole schema: leave out the other options.")
        _print_whole(federation)
        return
    chosen = None if purpose is None else Purpose[purpose]
    with unreadable_as_sentence():
        client = None if client_id is None else from_store(lambda readers: _registered(readers, client_id))
    click.echo(_printed(chosen, client, semantic), nl=False)


def _print_whole(federation: bool) -> None:
    from schema.api.build import sdl
    from schema.model.federation import subgraph

    click.echo(subgraph(sdl()) if federation else sdl(with_columns=True), nl=False)


def _printed(purpose: Purpose | None, client: AuditedClient | None, semantic: bool) -> str:
    # Strawberry takes half a second to import, which no other command here needs.
    from schema.api.build import sdl
    from schema.contracts.contracts import contract_of_grant, contract_of_purpose, semantic_sdl
    from schema.decision.registered import grant_of

    if client is not None:
        if purpose is not None and purpose not in client.known():
            raise click.UsageError(f"{client.id} is not registered for {purpose.name}.")
        return contract_of_grant(grant_of(client), None if purpose is None else (purpose,), semantic=semantic)
    if purpose is not None:
        return contract_of_purpose(purpose, semantic=semantic)
    return semantic_sdl() if semantic else sdl()


async def _registered(readers: Readers, client_id: str) -> AuditedClient:
    known = {each.id: each for each in await registrations(readers.main) if each.disabled_at is None}
    if client_id not in known:
        raise click.UsageError(f"There is no client {client_id}. There are: {', '.join(known) or 'none'}")
    return known[client_id]
