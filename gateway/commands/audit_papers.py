"""`gateway audit notice`, `record` and `export`: papers for people, authorities and other programs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from audits.controller import read_controller
from audits.controller_checks import LANGUAGES
from audits.exports import dpv_json, export_report, fideslang_json
from audits.facts import Facts
from audits.lint import lint
from audits.notice import notice
from audits.notice_report import notice_report
from audits.partners import BoundPartner, bound_partners
from audits.record import record
from audits.record_report import record_report
from audits.sources import read_text
from audits.texts import Texts
from gateway.commands.audit_output import (
    FOUND,
    form_of,
    leave,
    leave_report,
    output_options,
    read_facts,
    schema_argument,
    told_plainly,
)
from gateway.commands.audit_store import from_store
from store.faults import StoreUnavailable

controller_option = click.option(
    "--controller", metavar="FILE", help="TOML with what only the controller knows (--example prints one)."
)
example_option = click.option("--example", is_flag=True, help="Print an example of the controller's file.")


@click.command("notice")
@schema_argument
@controller_option
@example_option
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@output_options()
def notice_(
    schema: str | None, controller: str | None, example: bool, language: str, form: str | None, output: Path | None
) -> None:
    """Write the privacy notice.

    It says what the schema allows today, in English or French. What only the controller knows (name, officer,
    authority, transfers, ...) comes from a file. Nothing of it is invented: while something is missing there is no
    notice, and the refusal names it.

    \b
        gateway audit notice --example > controller.toml
        gateway audit notice --controller controller.toml --format html -o notice.html
        gateway audit notice --controller controller.toml --language fr --format markdown
    \b
    Exit code 1 when the schema has errors, 2 when the controller's file leaves something out.
    """
    if example:
        leave(_example(), output)
        return
    with told_plainly():
        own = read_controller(read_text(_given(controller)))
        facts = _sound(schema)
        texts = Texts(language)
        report = notice_report(facts, notice(facts), own, texts)
        leave_report(report, form, output)
    for each in sorted(texts.untranslated):
        click.echo(f"Note: {each} has no {language} sentence yet and is told in English.", err=True)


@click.command("record")
@schema_argument
@controller_option
@example_option
@output_options()
def record_(schema: str | None, controller: str | None, example: bool, form: str | None, output: Path | None) -> None:
    """Write the record of processing activities.

    It has what GDPR Art. 30(1) asks for, letters a to g, and the legal bases as an extra. The partners that are bound
    come from the store; where it cannot be read, the record says so.

    \b
        gateway audit record --controller controller.toml --format html -o record.html
        gateway audit record --controller controller.toml --format csv -o record.csv
    \b
    Exit code 1 when the schema has errors, 2 when the controller's file leaves something out.
    """
    if example:
        leave(_example(), output)
        return
    with told_plainly():
        own = read_controller(read_text(_given(controller)))
        facts = _sound(schema)
        leave_report(record_report(facts, record(facts, own, _partners(schema))), form, output)


@click.command("export")
@schema_argument
@controller_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["fideslang", "dpv", "json", "csv"]),
    help="By default: what the name of the output file says, else json.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
def export_(schema: str | None, controller: str | None, form: str | None, output: Path | None) -> None:
    """Hand the data map to other programs.

    fideslang is for Fides (version 3.1.4; JSON, which YAML readers take), dpv is JSON-LD in the Data Privacy
    Vocabulary 2.3; both need the controller's file. json and csv are this gateway's own, with every coordinate.

    \b
        gateway audit export --format csv -o data-map.csv
        gateway audit export --format fideslang --controller controller.toml -o fides.yml
        gateway audit export --format dpv --controller controller.toml -o record.jsonld
    \b
    Exit code 1 when the schema has errors.
    """
    with told_plainly():
        facts = _sound(schema)
        chosen = form or ("csv" if form_of(None, output) == "csv" else "json")
        if chosen in ("json", "csv"):
            leave_report(export_report(facts), chosen, output)
            return
        found = record(facts, read_controller(read_text(_given(controller))), _partners(schema))
        leave((fideslang_json if chosen == "fideslang" else dpv_json)(facts, found), output)


def _partners(schema: str | None) -> tuple[BoundPartner, ...] | None:
    """Those of the store, which belong to the gateway's own schema; None when it cannot be read."""
    if schema is not None:
        return None
    try:
        return from_store(lambda readers: bound_partners(readers.main), told=False)
    except StoreUnavailable:
        click.echo("Note: the store cannot be read, so the record names no partners.", err=True)
        return None


def _sound(schema: str | None) -> Facts:
    """The facts of a schema without errors: a paper from any other would tell people what is not so."""
    facts = read_facts(schema).require_readable()
    errors = [each for each in lint(facts) if each.level == "error"]
    if not errors:
        return facts
    click.echo(
        f"{errors[0]}\nNothing was written: the schema has {len(errors)} errors, and what it leaves open", err=True
    )
    click.echo(f"nobody can promise. See them all: gateway audit lint {schema or ''}".rstrip(), err=True)
    raise SystemExit(FOUND)


def _given(controller: str | None) -> str:
    if controller is None:
        raise click.UsageError(
            "--controller FILE is needed: it holds what only the controller knows. "
            "An example: gateway audit notice --example > controller.toml"
        )
    return controller


def _example() -> str:
    return files("audits").joinpath("data/controller.example.toml").read_text("utf-8")
