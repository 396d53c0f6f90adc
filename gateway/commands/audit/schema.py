"""`gateway audit lint` and `matrix`, and `gateway schema diff`: reports on a schema."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from audits.compatibility.changes import Impact
from audits.compatibility.comparing import breaking, client_changes
from audits.forms.findings import lint_report
from audits.forms.sarif import changes_sarif, findings_sarif
from audits.reports.diff_report import diff_report
from audits.reports.matrix import matrix, matrix_report
from audits.schema.checks import failing, in_order
from audits.schema.diff import diff, loosening
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
from schema.audits.printed import own_schema

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


@click.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option("--strict", is_flag=True, help="What is dangerous for clients fails, too.")
@accept_option
@output_options("sarif")
def diff_(old: str, new: str | None, strict: bool, accept: str | None, form: str | None, output: Path | None) -> None:
    """Compare two schemas: what breaks the documents of clients, and what loosens the protection of personal data.

    OLD and NEW are SDL files or git:REVISION:PATH; NEW is the gateway's own schema by default. For clients each change
    is breaking, dangerous or safe; a purpose taken from a field breaks like a removed field. For privacy it loosens,
    tightens or does neither, and weighs BREAKING-PRIVACY, REVIEW or SAFE. What breaks or loosens needs a sign-off.

    \b
        gateway schema diff git:main:schema/schema.graphql
        gateway schema diff old.graphql new.graphql --accept sign-offs.toml
        gateway schema diff git:v1:schema.graphql git:v2:schema.graphql --format sarif -o diff.sarif
    \b
    A sign-off file has for each accepted change:
        [[accept]]
        coordinate = "Customer.email"
        change = "purpose-added"
        value = "CARD_ON_FILE"          # may be left out: then whatever it is
        who = "Dana Meyer, data protection officer"
        why = "Receipts by e-mail; notice 2026-12 says so"
    \b
    Exit code 1 when something breaks or loosens without a sign-off (--strict: or is dangerous), 2 when a file cannot be
    read.
    """
    with unreadable_as_sentence():
        texts = (read_text(old), own_schema() if new is None else read_text(new))
        before, after = (Facts.of(text).require_readable() for text in texts)
        signed = SignOffs.read(read_text(accept)) if accept else SignOffs()
        privacy = diff(before, after)
        clients = signed.changes(client_changes(*texts, (before, after), privacy))
        changes = signed.changes(privacy)
        if form_of(form, output) == "sarif":
            leave(changes_sarif(changes, clients, own_version()), output)
        else:
            leave_report(diff_report(before, after, changes, clients, signed.stale), form, output)
    dangerous = strict and any(each.impact is Impact.DANGEROUS for each in clients)
    if loosening(changes) or breaking(clients) or dangerous:
        raise SystemExit(FOUND)
