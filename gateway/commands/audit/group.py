"""`gateway audit`: what the schema, the policy and the store say about personal data."""

from __future__ import annotations

import click

from gateway.commands.audit.papers import export_, notice_, record_
from gateway.commands.audit.query import query_
from gateway.commands.audit.releases import papers_, release_
from gateway.commands.audit.schema import lint_, matrix_
from gateway.commands.audit.store import acts_, clients_, consents_, erasures_, ledger_, refusals_, use_


@click.group()
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
        gateway audit release notice --controller controller.toml --from 2027-03-01 --because "…"
        gateway audit papers
    What is registered, and what was done:
        gateway audit clients
        gateway audit query invoice.graphql --client billing
        gateway audit ledger
        gateway audit use Customer.fullName
        gateway audit refusals
        gateway audit acts
    \b
    Every report has --format table, json, markdown, csv or html; lint has sarif too.
    Exit codes: 0 in order; 1 something was found that a build should stop for;
    2 the command or a file it was given cannot be read; 3 the store cannot be read.
    """


for command in (
    lint_,
    matrix_,
    notice_,
    record_,
    release_,
    papers_,
    export_,
    clients_,
    query_,
    ledger_,
    use_,
    refusals_,
    acts_,
    erasures_,
    consents_,
):
    audit.add_command(command)
