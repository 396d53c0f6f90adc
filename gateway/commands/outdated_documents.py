"""Warns after a change of a register if the released notice or record no longer matches, with the command to run."""

from __future__ import annotations

from datetime import datetime

import click

from audits.papers.state import PaperState, paper_states
from audits.schema.checks import Check
from audits.schema.sources import UnreadableError
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.periods import operator_periods
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from store.database.store import open_store

TOLD = (Check.PAPER_OUTDATED, Check.TRANSFER_UNGUARDED)


def warn_of_outdated_documents() -> None:
    """Print a note for each released document that is outdated now; nothing if none was released."""
    with errors_as_sentences():
        found = server.run(_untrue(read_settings()))
    for state in found:
        kind = state.kind.lower()
        click.echo(
            f"Note: what was released of the {kind} does not say this. Release the next version: "
            f"gateway audit release {kind} --controller FILE --from DATE --because …",
            err=True,
        )
    missing = [one.message for state in found for one in state.findings if one.check is Check.TRANSFER_UNGUARDED]
    for each in dict.fromkeys(message.partition(": ")[2] for message in missing):
        click.echo(f"The controller's file names no safeguard. {each}", err=True)


async def _untrue(settings: Settings) -> list[PaperState]:
    # Late: the whole schema takes a second to import, and most commands of a register change nothing.
    from schema.api.build import own_model
    from schema.audits.printed import own_facts, own_schema

    day, periods = datetime.now(settings.time_zone).date(), operator_periods(settings)
    store = await open_store(store_config(settings))
    try:
        model = own_model()
        found = await paper_states(store.reader, own_facts(model), own_schema(model), periods, None, day)
    except UnreadableError:
        return []  # The controller's file of an older release lacks what is required now: `audit papers` reports that.
    finally:
        await store.close()
    return [each for each in found if any(one.check in TOLD for one in each.findings)]
