"""`gateway audit dpia`: the summary for a data protection impact assessment."""

from __future__ import annotations

from pathlib import Path

import click

from audits.impact.report import impact_report
from audits.impact.summary import impact, persons_in
from audits.papers.controller import read_controller
from audits.papers.record import record
from audits.schema.sources import read_text
from gateway.commands.audit.output import leave_report, output_options, schema_argument, unreadable_as_sentence
from gateway.commands.audit.papers import controller_option, given_file, registers_at_hand, sound_facts
from gateway.commands.audit.store import from_store
from store.sql.errors import StoreUnavailableError


@click.command("dpia")
@schema_argument
@controller_option
@output_options()
def dpia_(schema: str | None, controller: str | None, form: str | None, output: Path | None) -> None:
    """Write what the declarations say for an impact assessment.

    It has the parts of GDPR Art. 35(7): the processing and its purposes, its necessity, the risks that the declarations
    show (special categories, large scale, emergency access, automated decisions, monitoring, publication, transfers,
    copies), and the measures with the tests that keep them. What only the controller can judge is listed as open. It is
    a summary, no assessment. Without the store, or for another SCHEMA, it says what was not read.

    \b
        gateway audit dpia --controller controller.toml --format markdown -o dpia.md
        gateway audit dpia --controller controller.toml --format json
    \b
    Exit code 1 when the schema has errors, 2 when the controller's file leaves something out.
    """
    with unreadable_as_sentence():
        own = read_controller(read_text(given_file(controller)))
        facts = sound_facts(schema)
        found = record(facts, own, registers_at_hand(schema))
        leave_report(impact_report(facts, impact(facts, found, _persons(schema))), form, output)


def _persons(schema: str | None) -> int | None:
    """The number of customers; None for another schema, or if the store cannot be read."""
    if schema is not None:
        return None
    try:
        return from_store(lambda readers: persons_in(readers.main), report_errors=False)
    except StoreUnavailableError:
        return None
