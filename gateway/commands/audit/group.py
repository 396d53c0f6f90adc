"""`gateway audit`: what the schema, the policy and the store say about personal data."""

from __future__ import annotations

import click

from gateway.commands.lazy import LazyGroup, Where

HERE = "gateway.commands.audit"

COMMANDS: dict[str, Where] = {
    "lint": (f"{HERE}.schema", "lint_", "Find what a schema leaves open."),
    "matrix": (f"{HERE}.schema", "matrix_", "Show which field may be read for which purpose."),
    "notice": (f"{HERE}.papers", "notice_", "Write the privacy notice."),
    "record": (f"{HERE}.papers", "record_", "Write the record of processing activities."),
    "dpia": (f"{HERE}.impact", "dpia_", "Write a summary for an impact assessment."),
    "release": (f"{HERE}.releases", "release_", "Release the notice or the record."),
    "papers": (f"{HERE}.releases", "papers_", "Check that the released papers are true."),
    "export": (f"{HERE}.papers", "export_", "Hand the data map to other programs."),
    "clients": (f"{HERE}.store", "clients_", "Show who can read what, and for what."),
    "query": (f"{HERE}.query", "query_", "Explain if a client may send a document."),
    "ledger": (f"{HERE}.store", "ledger_", "Count what was read, by whom and for what."),
    "refusals": (f"{HERE}.store", "refusals_", "Show who asked for what they may not have."),
    "breach": (f"{HERE}.breach", "breach_", "Show the scope of a breach."),
    "acts": (f"{HERE}.store", "acts_", "Show what operators did."),
    "erasures": (f"{HERE}.store", "erasures_", "Show the erasures asked for or due."),
    "consents": (f"{HERE}.store", "consents_", "Count what people agreed to."),
    "grants": (f"{HERE}.store", "grants_", "Show until when clients have their purposes."),
    "use": (f"{HERE}.store", "use_", "Show which client read a field, how often and when last."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def audit() -> None:
    """See what may be read, by whom and why, and prove it.

    Everything is derived from the schema's directives, the policy and the store; nothing is written twice.

    \b
    The schema (yours, or any SDL file with the directives, or a git revision):
        gateway audit lint
        gateway audit matrix --format html -o matrix.html
    Papers:
        gateway audit notice --controller controller.toml --format html -o notice.html
        gateway audit record --controller controller.toml --format html -o record.html
        gateway audit dpia --controller controller.toml --format markdown -o dpia.md
        gateway audit release notice --controller controller.toml --from 2027-03-01 --because "…"
        gateway audit papers
    What is registered, and what was done:
        gateway audit clients
        gateway audit grants
        gateway audit query invoice.graphql --client billing
        gateway audit ledger
        gateway audit use Customer.fullName
        gateway audit refusals
        gateway audit acts
        gateway audit breach --client crm --from 2026-11-28
    \b
    Every report has --format table, json, markdown, csv or html; lint has sarif too.
    Exit codes: 0 in order; 1 something was found that a build should stop for;
    2 the command or a file it was given cannot be read; 3 the store cannot be read.
    """
