"""`gateway customers import`: files of customers, with progress and a report that holds no value."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Self

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
from resolvers.commands.dependencies import SignInDependencies
from resolvers.imports.columns import Renamed, read_renamed
from resolvers.imports.imports import import_customers
from resolvers.imports.source import Format
from resolvers.imports.upserting import UpsertOptions, upsert_customers
from resolvers.inputs.changes import FieldChange
from resolvers.inputs.report import ImportReport, Progress
from store.database.store import open_store
from values.external_id import ExternalIdError, read_external_id

BAD_ROWS = 1


@click.group()
def customers() -> None:
    """Import customers."""


def system_name(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The name of a system in its one form; a sentence of use for what is none."""
    try:
        return None if value is None else read_external_id(f"{value}:1").removesuffix(":1")
    except ExternalIdError:
        raise click.BadParameter("letters, digits, `.`, `_` and `-`, at most 32, such as crm") from None


@customers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check every row and store nothing.")
@click.option("--skip-bad", is_flag=True, help="Store the good rows though others are bad.")
@click.option("--columns", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Other names of columns.")
@click.option("--system", callback=system_name, help="The system that the column external_id is from, such as crm.")
@click.option("--upsert", is_flag=True, help="By external id: add who is new, and change what differs.")
@click.option("--theirs", is_flag=True, help="With --upsert: take the file's values of what was changed here, too.")
@click.option("--verify", is_flag=True, help="Compare the file with the store by external id, and store nothing.")
@click.option("--invite", is_flag=True, help="Write to new customers without a password: a link sets the first one.")
@click.option("--hold-mail", is_flag=True, help="Keep the letters that it causes until `gateway imports release`.")
@click.option("--changes", "listed", is_flag=True, help="List every change to what the file says, row by row.")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), help="If the file's name does not tell.")
def customers_import(
    file: Path,
    dry_run: bool,
    skip_bad: bool,
    columns: Path | None,
    system: str | None,
    upsert: bool,
    theirs: bool,
    verify: bool,
    invite: bool,
    hold_mail: bool,
    listed: bool,
    form: Format | None,
) -> None:
    """Import customers from a CSV or NDJSON FILE: all of them, or none.

    The report says what was changed, assumed or looks damaged, without a value. COLUMNS is a TOML file with lines such
    as "Last name" = "family_name" for a file whose columns have other names.

    \b
        gateway customers import customers.csv --dry-run
        gateway customers import customers.ndjson
        gateway customers import crm.csv --system crm --invite --hold-mail
        gateway customers import panel.csv --columns panel.toml --changes --dry-run
    \b
    Keep in step with a system that goes on; the same file again changes nothing:
        gateway customers import panel.ndjson --upsert
        gateway customers import panel.ndjson --verify
    """
    if theirs and not (upsert or verify):
        raise click.UsageError("--theirs belongs to --upsert.")
    form = form or ("ndjson" if file.suffix in (".ndjson", ".jsonl") else "csv")
    # The time zone counts: deadlines of erasures that the import causes end with the controller's days.
    settings = read_settings()
    with errors_as_sentences():
        renamed = None if columns is None else read_renamed(columns)
        if upsert or verify:
            options = UpsertOptions(
                dry_run=dry_run or verify, theirs=theirs or verify, hold_mail=hold_mail, invite=invite, renamed=renamed,
                system=system, zone=settings.time_zone,
            )  # fmt: skip
            report = server.run(_upsert(settings, file, form, options))
        else:
            report = server.run(_import(settings, file, form, dry_run, skip_bad, renamed, system, hold_mail, invite))
    if upsert or verify:
        _report_upsert(report, verify)
    else:
        _report(report)
    _report_changes(report, listed)
    if not report.clean or (verify and (report.imported or report.changed)):
        raise SystemExit(BAD_ROWS)


async def _import(
    settings: Settings,
    file: Path,
    form: Format,
    dry_run: bool,
    skip_bad: bool,
    renamed: Renamed | None,
    system: str | None,
    hold_mail: bool,
    invite: bool,
) -> ImportReport:
    store = await open_store(store_config(settings))
    try:
        with Bar() as bar:
            return await import_customers(
                store,
                file,
                form,
                dry_run,
                bar.show,
                skip_bad=skip_bad,
                zone=settings.time_zone,
                renamed=renamed,
                system=system,
                hold_mail=hold_mail,
                invite_to=make_site(settings) if invite else None,
            )
    finally:
        await store.close()


async def _upsert(settings: Settings, file: Path, form: Format, options: UpsertOptions) -> ImportReport:
    store, dependencies = await open_store(store_config(settings)), SignInDependencies(make_site(settings))
    try:
        with Bar() as bar:
            return await upsert_customers(store, file, form, dependencies, bar.show, options=options)
    finally:
        await store.close()


class Bar:
    """A progress bar on stderr for each pass over the file; click hides it if stderr is no terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, progress: Progress) -> None:
        """Draw the progress."""
        if progress.phase != self._phase:
            self.__exit__()
            self._phase = progress.phase
            label = progress.phase.capitalize().ljust(9)
            self._bar = click.progressbar(length=progress.bytes_total, label=label, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(progress.bytes_done - self._bar.pos)


def _report(report: ImportReport) -> None:
    """Print the report: numbers first, then the problems that were kept."""
    stored = "nothing was stored" if report.dry_run or not report.imported else f"{report.imported} imported"
    kind = " (dry run)" if report.dry_run else ""
    click.echo(f"{report.rows} rows, {report.bad_rows} bad, {stored}{kind}.")
    if report.due_at_once:
        click.echo(
            f"{report.due_at_once} customers are due to be erased at once, as their last service ended more than six "
            "months ago: they are warned first, and erased two months after the import."
        )
    report_run(report)
    if report.bad_rows and not report.imported and not report.dry_run:
        click.echo("Mend these rows and run it again, or store the good ones with --skip-bad.")


def report_run(report: ImportReport) -> None:
    """Print the number of the run, and the problems that were kept."""
    if report.invited:
        click.echo(f"{report.invited} customers without a password are invited to choose one.")
    if report.run is not None:
        click.echo(f"This is import {report.run}: `gateway imports show {report.run}`, or `undo`.")
    for problem in report.problems:
        click.echo(f"  {problem}")
    if report.problem_count > len(report.problems):
        click.echo(f"  ... and {report.problem_count - len(report.problems)} more")


def _report_upsert(report: ImportReport, verify: bool) -> None:
    """Print the report of --upsert and --verify: numbers, then the problems that were kept."""
    if verify:
        file, store = report.checksums or ("", "")
        click.echo(f"{report.rows} rows: {report.same} agree, {report.changed} differ, {report.imported} are not here.")
        click.echo(f"SHA-256 of the compared values: {file} in the file, {store} in the store.")
    else:
        kind = " (dry run: nothing was stored)" if report.dry_run else ""
        done = f"{report.imported} added, {report.changed} changed, {report.same} as they were"
        click.echo(f"{report.rows} rows: {done}, {report.bad_rows} with problems{kind}.")
    report_run(report)


def _report_changes(report: ImportReport, listed: bool) -> None:
    """Print what was changed or assumed: damaged text and, if wished, all else by row; then numbers."""
    for change in report.changes:
        if listed or change.change is FieldChange.DAMAGED:
            click.echo(f"  {change}")
    for (field, kind), count in sorted(report.change_counts.items(), key=lambda each: (each[0][0], each[0][1].value)):
        click.echo(f"  {field} {kind.value}: {count} times")
