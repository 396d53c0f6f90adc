"""`gateway audit notice`, `record` and `export`: documents for people, authorities and other programs."""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from pathlib import Path

import click

from audits.exports.exports import dpv_json, export_report, fideslang_json
from audits.papers import issued
from audits.papers.check import require_released
from audits.papers.companies import companies
from audits.papers.controller import read_controller
from audits.papers.drafts import NOTICE, RECORD, Draft, Stamp, draft
from audits.papers.record import record
from audits.papers.registers import SCHEMA_ALONE, Registers, registers_of
from audits.papers.transfers import require_safeguards
from audits.reports.own_words import own_words_report
from audits.reports.reading import Readers
from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.sources import read_text
from audits.schema.vocabulary import Vocabulary
from gateway.commands.audit.output import (
    FOUND,
    form_of,
    leave,
    leave_report,
    output_options,
    read_facts,
    schema_argument,
    unreadable_as_sentence,
)
from gateway.commands.audit.store import from_store
from gateway.commands.common import read_settings
from messages.catalogue import languages
from store.sql.errors import StoreUnavailableError

controller_option = click.option(
    "--controller", metavar="FILE", help="TOML with what only the controller knows (--example prints one)."
)
example_option = click.option("--example", is_flag=True, help="Print an example of the controller's file.")


on_option = click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="What held on this day, as released.")


def _spoken(_: click.Context, __: click.Parameter, given: str) -> str:
    if given not in languages():
        read_settings()  # Further ones are in a folder that a setting names.
    if given not in languages():
        raise click.BadParameter(f"there is no catalogue for it; there are {', '.join(languages())}")
    return given


@click.command("notice")
@schema_argument
@controller_option
@example_option
@on_option
@click.option("--own-vocabulary", is_flag=True, help="Of another team's SCHEMA, in the words that it defines.")
@click.option("--language", callback=_spoken, default="en", show_default=True, help="en, fr, or a further one.")
@output_options()
def notice_(
    schema: str | None,
    controller: str | None,
    example: bool,
    on: datetime | None,
    own_vocabulary: bool,
    language: str,
    form: str | None,
    output: Path | None,
) -> None:
    """Write the privacy notice.

    It says what the schema allows today and what the registers hold (partners, payment companies, registries, programs
    that keep copies), in any language there is. What only the controller knows (name, officer, authority, ...) comes
    from a file. Nothing of it is invented: while something is missing there is no notice, and the refusal names
    it; so it does for a recipient in a country that asks for a safeguard. It is a draft until `gateway audit release`
    releases it; --on prints what was released and held on a day, byte for byte.

    \b
        gateway audit notice --example > controller.toml
        gateway audit notice --controller controller.toml --format html -o notice.html
        gateway audit notice --controller controller.toml --language fr --format markdown
        gateway audit notice --on 2027-03-01 --format html -o notice-of-march.html
        gateway audit notice their.graphql --own-vocabulary        # data, purposes, bases, periods
    \b
    Exit code 1 when the schema has errors, 2 when the controller's file leaves something out, or nothing held that day.
    """
    # `--example` first: it needs neither store nor controller's file, which do not exist yet.
    if example:
        leave(_example(), output)
    elif own_vocabulary:
        leave_own_words(schema, form, output)
    elif on is not None:
        leave_released(NOTICE, on.date(), language, form, output)
    else:
        leave_draft(NOTICE, schema, controller, language, form, output)


@click.command("record")
@schema_argument
@controller_option
@example_option
@on_option
@click.option("--language", callback=_spoken, default="en", show_default=True, help="en, fr, or a further one.")
@output_options()
def record_(
    schema: str | None,
    controller: str | None,
    example: bool,
    on: datetime | None,
    language: str,
    form: str | None,
    output: Path | None,
) -> None:
    """Write the record of processing activities.

    It has what GDPR Art. 30(1) asks for, letters a to g, and the legal bases as an extra: controller, version and date,
    a section for each activity, transfers with their safeguards, measures. HTML prints on A4, CSV has a row for each
    activity. Partners, payment companies, registries and programs that keep copies come from the store; where it cannot
    be read, the record says so. It is a draft until `gateway audit release` releases it; --on prints what was released
    and held on a day, byte for byte.

    \b
        gateway audit record --controller controller.toml --format html -o record.html
        gateway audit record --controller controller.toml --format csv --language fr -o registre.csv
        gateway audit record --on 2027-03-01
    \b
    Exit code 1 when the schema has errors, 2 when the controller's file leaves something out, or nothing held that day.
    """
    if example:
        leave(_example(), output)
    elif on is not None:
        leave_released(RECORD, on.date(), language, form, output)
    else:
        leave_draft(RECORD, schema, controller, language, form, output)


def leave_own_words(schema: str | None, form: str | None, output: Path | None) -> None:
    """Print or write the facts for a notice that a schema tells in its own words."""
    with unreadable_as_sentence():
        leave_report(own_words_report(sound_facts(schema, own_vocabulary=True)), form, output)


def leave_released(kind: str, day: date, language: str, form: str | None, output: Path | None) -> None:
    """Print or write the released version that was in force on a day."""
    asked = form_of(form, output)

    async def read(readers: Readers) -> str:
        # Compared with the hashes in the ledger first: a file changed in the database must not be shown as released.
        await require_released(readers.main, readers.ledger, kind)
        return await issued.form_of(readers.main, await issued.held_on(readers.main, kind, day), language, asked)

    with unreadable_as_sentence():
        leave(from_store(read), output)


def leave_draft(
    kind: str, schema: str | None, controller: str | None, language: str, form: str | None, output: Path | None
) -> None:
    """Print or write the document as it would be released now, as a draft, and compare it with the one in force."""
    with unreadable_as_sentence():
        own = read_controller(read_text(given_file(controller)))
        facts = sound_facts(schema)
        day = local_day()
        made = draft(kind, facts, registers_at_hand(schema), own)
        leave_report(Stamp(0, day, day).put(made.reports[language]), form, output)
    if schema is None:
        _compare(made, day)
    for each in sorted(made.untranslated):
        click.echo(f"Note: {each} has no sentence in every language yet and is told in English.", err=True)


def _compare(made: Draft, day: date) -> None:
    try:
        held = from_store(lambda readers: issued.in_force(readers.main, made.kind, day), report_errors=False)
    except StoreUnavailableError:
        return  # A draft follows from the schema; the comparison is only a courtesy.
    if held is None:
        click.echo(f"Note: a draft. No {made.kind.lower()} was released yet: gateway audit release --help", err=True)
    elif held.substance == made.substance:
        click.echo(f"Note: it says what {held.named}, says.", err=True)
    else:
        click.echo(f"Note: a draft. It differs from {held.named}: gateway audit papers", err=True)


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
    with unreadable_as_sentence():
        facts = sound_facts(schema)
        chosen = form or ("csv" if form_of(None, output) == "csv" else "json")
        if chosen in ("json", "csv"):
            leave_report(export_report(facts), chosen, output)
            return
        own, registers = read_controller(read_text(given_file(controller))), registers_at_hand(schema)
        # GDPR Art. 46: a recipient in a third country without a safeguard must not be exported as lawful.
        require_safeguards(own, companies(facts, registers))
        found = record(facts, own, registers)
        leave((fideslang_json if chosen == "fideslang" else dpv_json)(facts, found), output)


def registers_at_hand(schema: str | None) -> Registers:
    """The registers of the store; `SCHEMA_ALONE` for a foreign schema, or if the store cannot be read."""
    if schema is not None:
        return SCHEMA_ALONE
    from gateway.config.periods import operator_periods

    periods = operator_periods(read_settings())
    try:
        return from_store(lambda readers: registers_of(readers.main, periods), report_errors=False)
    except StoreUnavailableError:
        click.echo("Note: the store cannot be read: this follows from the schema alone and names no company.", err=True)
        return SCHEMA_ALONE


def local_day() -> date:
    """Today in the controller's time zone."""
    from gateway.commands.common import read_settings

    return datetime.now(read_settings().time_zone).date()


def sound_facts(schema: str | None, own_vocabulary: bool = False) -> Facts:
    """The facts of a schema without lint errors; exits with FOUND otherwise, as its documents would be untrue."""
    facts = read_facts(schema).require_readable()
    words = Vocabulary.of_schema(facts.sdl) if own_vocabulary else None
    errors = [each for each in lint(facts, words) if each.level == "error"]
    if not errors:
        return facts
    click.echo(
        f"{errors[0]}\nNothing was written: the schema has {len(errors)} errors, and what it leaves open", err=True
    )
    click.echo(f"nobody can promise. See them all: gateway audit lint {schema or ''}".rstrip(), err=True)
    raise SystemExit(FOUND)


def given_file(controller: str | None) -> str:
    """The file of `--controller`; UsageError without one."""
    if controller is None:
        raise click.UsageError(
            "--controller FILE is needed: it holds what only the controller knows. "
            "An example: gateway audit notice --example > controller.toml"
        )
    return controller


def _example() -> str:
    return files("audits").joinpath("data/controller.example.toml").read_text("utf-8")
