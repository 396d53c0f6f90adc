"""`gateway audit lint` and `matrix`: reports on a schema."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from audits.forms.findings import lint_report
from audits.forms.sarif import findings_sarif
from audits.reports.matrix import matrix, matrix_report
from audits.schema.checks import failing, in_order
from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.signoffs import SignOffs
from audits.schema.sources import read_text
from audits.schema.vocabulary import Vocabulary
from gateway.commands.audit.output import (
    FOUND,
    form_of,
    leave,
    leave_report,
    output_options,
    own_version,
    read_facts,
    schema_argument,
    unreadable_as_sentence,
)

accept_option = click.option("--accept", metavar="FILE", help="Sign-offs: TOML that says who accepted what, and why.")


@click.command("lint")
@schema_argument
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@click.option("--own-vocabulary", is_flag=True, help="Accept purposes and categories that the schema's own enums add.")
@accept_option
@output_options("sarif")
def lint_(
    schema: str | None, strict: bool, own_vocabulary: bool, accept: str | None, form: str | None, output: Path | None
) -> None:
    """Find what a schema leaves open.

    Silence about personal data is never a yes. SCHEMA is an SDL file, - for standard input, or git:REVISION:PATH; by
    default the gateway's own schema. Every finding names file, line and column, and what to do.

    \b
        gateway audit lint
        gateway audit lint their.graphql --own-vocabulary
        gateway audit lint git:HEAD:schema/schema.graphql
        gateway audit lint --format sarif -o lint.sarif      # for code review
    \b
    Exit code 1 when there are errors (--strict: or warnings), 2 when the file cannot be read.
    """
    with unreadable_as_sentence():
        facts = read_facts(schema)
        # By default a purpose that only the schema knows is a finding: nobody has declared its legal basis.
        words = Vocabulary.of_schema(facts.sdl) if own_vocabulary else Vocabulary.of_policy()
        signed = SignOffs.read(read_text(accept)) if accept else SignOffs()
        found = in_order(signed.findings(lint(facts, words)))
        if form_of(form, output) == "sarif":
            leave(findings_sarif(found, own_version()), output)
        else:
            leave_report(lint_report(facts, found), form, output)
    # A sign-off that is left over would silently accept the same finding the next time.
    for stale in signed.stale:
        click.echo(
            f"Note: {accept} accepts {stale.change} of {stale.coordinate}, which is not found: remove it.", err=True
        )
    if failing(found, strict):
        raise SystemExit(FOUND)


@click.command("matrix")
@schema_argument
@click.option("--purpose", "purposes", multiple=True, metavar="NAME", help="Only fields readable for it. Repeatable.")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="Only fields of it. Repeatable.")
@click.option("--type", "types", multiple=True, metavar="NAME", help="Only fields of this type. Repeatable.")
@click.option("--recipient", "recipients", multiple=True, metavar="NAME", help="Only what may go to it. Repeatable.")
@output_options()
def matrix_(
    schema: str | None,
    purposes: tuple[str, ...],
    categories: tuple[str, ...],
    types: tuple[str, ...],
    recipients: tuple[str, ...],
    form: str | None,
    output: Path | None,
) -> None:
    """Show which field may be read for which purpose.

    \b
        gateway audit matrix
        gateway audit matrix --purpose PRODUCT_NEWS
        gateway audit matrix --type Customer --category EMAIL
        gateway audit matrix --format html -o matrix.html
    \b
    Exit code 2 when the schema cannot be read, 0 otherwise.
    """
    with unreadable_as_sentence():
        facts = read_facts(schema).require_readable()
        _known(facts, purposes, categories, types, recipients)
        found = matrix(facts, purposes, categories, types, recipients)
        leave_report(matrix_report(facts, found), form, output)


def _known(facts: Facts, *filters: tuple[str, ...]) -> None:
    """UsageError for an unknown filter: its empty matrix would look as if nobody may read anything."""
    words = Vocabulary.of_schema(facts.sdl).names
    known = (words["Purpose"], words["DataCategory"], facts.sdl.types, words["Recipient"])
    for given, names in zip(filters, known, strict=True):
        if unknown := [each for each in given if each not in names]:
            near = get_close_matches(unknown[0], names, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no {unknown[0]}.{hint}")
