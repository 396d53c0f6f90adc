"""`gateway invoices import`: the invoices of a former system, for customers who are here."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.commands.imports.importing import BAD_ROWS, Bar, report_run, system_name
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
from resolvers.commands.dependencies import SignInDependencies
from resolvers.imports.columns import INVOICES, Renamed, read_renamed
from resolvers.imports.invoice_files import import_invoices
from resolvers.imports.source import Format
from resolvers.inputs.report import ImportReport
from store.database.store import open_store

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("invoices")
def commands() -> None:
    """Import invoices of customers who are here."""


@commands.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Check every row and store nothing.")
@click.option("--columns", type=FILE, help="Other names of columns.")
@click.option("--system", callback=system_name, help="The system that the column external_id is from, such as crm.")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), help="If the file's name does not tell.")
def import_(file: Path, dry_run: bool, columns: Path | None, system: str | None, form: Format | None) -> None:
    """Import invoices from a CSV or NDJSON FILE; the same file again changes nothing.

    An invoice that is open here and paid or cancelled in the file is settled. Rows with problems are left out.

    \b
    Exit codes: 0 all rows were taken; 1 some have problems.
        gateway invoices import invoices.csv --system crm --dry-run
        gateway invoices import invoices.csv --system crm
    """
    form = form or ("ndjson" if file.suffix in (".ndjson", ".jsonl") else "csv")
    settings = read_settings()
    with errors_as_sentences():
        renamed = None if columns is None else read_renamed(columns, INVOICES)
        report = server.run(_import(settings, file, form, dry_run, renamed, system))
    kind = " (dry run: nothing was stored)" if dry_run else ""
    done = f"{report.imported} added, {report.changed} settled, {report.same} as they were"
    click.echo(f"{report.rows} invoices: {done}, {report.bad_rows} with problems{kind}.")
    report_run(report)
    if not report.clean:
        raise SystemExit(BAD_ROWS)


async def _import(
    settings: Settings, file: Path, form: Format, dry_run: bool, renamed: Renamed | None, system: str | None
) -> ImportReport:
    store, dependencies = await open_store(store_config(settings)), SignInDependencies(make_site(settings))
    try:
        with Bar() as bar:
            return await import_invoices(
                store, file, form, dependencies, bar.show, dry_run=dry_run, renamed=renamed, system=system
            )
    finally:
        await store.close()
