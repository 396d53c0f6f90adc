"""`gateway audit`: what the schema, the policy and the store say about personal data."""

from __future__ import annotations

import click

from gateway.commands.audit_schema import diff_, lint_, matrix_


@click.group()
def audit() -> None:
    """See what may be read, by whom and why, and prove it.

    Everything is derived from the schema's directives, the policy and the store; nothing is written twice.

    \b
    The schema (yours, or any SDL file with the directives, or a git revision):
        gateway audit lint
        gateway audit lint their.graphql --format sarif -o lint.sarif
        gateway audit matrix --format html -o matrix.html
        gateway audit diff git:main:schema/schema.graphql schema/schema.graphql
    \b
    Exit codes: 0 in order; 1 something was found that a build should stop for;
    2 the command or a file it was given cannot be read; 3 the store cannot be read.
    """


for command in (lint_, matrix_, diff_):
    audit.add_command(command)
