"""`gateway db`, `gateway customers` and `gateway token`: databases, imports and demo tokens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Self

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.demo.tokens import DemoTokens
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.imports.columns import Renamed, read_renamed
from resolvers.imports.imports import import_customers
from resolvers.imports.source import Format
from resolvers.inputs.changes import FieldChange
from resolvers.inputs.report import ImportReport, Progress
from store.database.grants import Roles, by_database, grants_sql, roles_sql
from store.database.store import open_store
from store.upgrade.lacking_keys import KeysLackingError
from store.upgrade.reindexing_writing import Collision
from store.upgrade.upgrade import customer_ids, reindex_all, upgrade_all
from values.external_id import ExternalIdError, read_external_id

BAD_ROWS = 1
COLLISIONS = 4
KEYS_LACKING = 5
SAID = {"EMAIL": "e-mail address", "LOGIN": "login name", "DOMAIN": "domain name", "NUMBER": "customer number",
        "EXTERNAL_ID": "external id", "PHONE": "telephone number", "SERVICE_NAME": "name of a service"}  # fmt: skip


@click.group()
def db() -> None:
    """Upgrade and check the databases."""


@db.command("upgrade")
@click.option("--accept-loss", is_flag=True, help="Empty values that only keys missing from the key store could open.")
def db_upgrade(accept_loss: bool) -> None:
    """Create the databases, or migrate them to this release's version.

    Values whose stored form changes with this release are rewritten, with progress messages; no gateway of this release
    serves before. If this release normalises addresses in another way, rows are found by the new form afterwards.
    Customers whose values become equal in it are listed: each keeps the look-up it has, and one that has none cannot be
    found by that value.

    A key store without rows of some customers does not belong to this data; it may be an older copy. Then no value that
    needs their keys is changed: restore the right key store, or give those values up with --accept-loss.

    \b
    Exit codes: 0 done; 3 it could not be done; 4 done, and customers share values; 5 the key store lacks customers.

    \b
    Safe to run from every replica at once, and again:
        gateway db upgrade
    """
    settings = read_settings(maintains=True)
    with errors_as_sentences():
        try:
            work = upgrade_all(store_config(settings), click.echo, accept_loss=accept_loss)
            _, collisions = server.run(work)
        # An exit code of its own: a deployment must stop here, and an operator decide.
        except KeysLackingError as error:
            click.echo(str(error), err=True)
            raise SystemExit(KEYS_LACKING) from error
    click.echo("The databases are at this release's version.")
    _report_collisions(collisions)


@db.command("reindex")
def db_reindex() -> None:
    """Check every row that is found by a fingerprint (blind index), and bring it to this release's form.

    Run it once after the last replica of an earlier release has ended, since it may have written rows in the earlier
    form; and after the data or the key store was restored from a backup, when a start asks for it because the two
    differ. Values that two customers share are listed, with exit code 4.

    \b
        gateway db reindex
    """
    settings = read_settings(maintains=True)
    with errors_as_sentences():
        _, collisions = server.run(reindex_all(store_config(settings), click.echo))
    _report_collisions(collisions)


def _report_collisions(collisions: list[Collision]) -> None:
    """Print the collisions by customers' ids only, since the shared values are personal data; exit with COLLISIONS."""
    ids = server.run(customer_ids(store_config(read_settings()), collisions)) if collisions else {}
    for each in collisions:
        who = ids[each.customer]
        others = ", ".join(ids[other] for other in each.others) or "nobody any more"
        lost = "" if each.found else "; this one is found by nothing"
        click.echo(f"  {SAID[each.lookup]} of customer {who}: also of {others}{lost}", err=True)
    if collisions:
        click.echo(
            f"{len(collisions)} values are one with another row's value. Until one of the two is changed or its "
            "customer erased, each row is found by the form it had, and one that had no look-up by nothing. Then run "
            "`gateway db upgrade` again.",
            err=True,
        )
        raise SystemExit(COLLISIONS)


@db.command("grants")
@click.option("--owner", default="gateway_owner", show_default=True, help="The role that has the tables.")
@click.option("--serving", default="gateway", show_default=True, help="The role that serves.")
@click.option("--database", "only", help="Only what is to be run in the database of this name.")
def db_grants(owner: str, serving: str, only: str | None) -> None:
    """Print the SQL that limits the serving role to least privilege; PostgreSQL only.

    \b
    Run it as the server's administrator, before the first upgrade and after each; it may be run again:
        gateway db grants --database customers | psql customers
        gateway db grants --database keys | psql keys
        gateway db upgrade
    Give both roles a password, and serve as one with the address of the other:
        GATEWAY_DATABASE_URL=postgresql://gateway@db/customers?sslmode=verify-full
        GATEWAY_MAINTENANCE_URL=postgresql://gateway_owner@db/customers?sslmode=verify-full
    """
    settings = read_settings()
    try:
        roles = Roles(owner, serving)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    found = {str(address.url.database): schemas for address, schemas in by_database(store_config(settings)).items()}
    if not found or (only is not None and only not in found):
        raise click.UsageError(f"The databases on PostgreSQL are: {', '.join(found) or 'none; SQLite has no roles'}.")
    for name, schemas in found.items():
        if only in (None, name):
            click.echo(f"-- In the database {name} ({', '.join(schema.name for schema in schemas)}):")
            click.echo("\n".join((*roles_sql(roles), *grants_sql(schemas, roles))))


@click.command()
@click.argument("name")
def token(name: str) -> None:
    """Print an access token for the demo.

    NAME is billing, support, noc, newsletter, auditor, or the e-mail address of a demo customer.

    \b
        gateway token billing
        curl -H "Authorization: Bearer $(gateway token support)" ...
    """
    # demo=True: the demo's issuer, so that the token is worthless at any other gateway.
    settings = read_settings(demo=True)
    with errors_as_sentences():
        click.echo(server.run(_mint(settings, name)))


async def _mint(settings: Settings, name: str) -> str:
    from gateway.run.serving import open_services  # Late: what serves takes a second, and upgrades do not need it.

    async with open_services(settings) as services:
        return await DemoTokens(services.store, services.tokens, settings.demo_token_seconds).mint(name)


@click.group()
def customers() -> None:
    """Import customers."""


def _system(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
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
@click.option("--system", callback=_system, help="The system that the column external_id is from, such as crm.")
@click.option("--changes", "listed", is_flag=True, help="List every change to what the file says, row by row.")
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), help="If the file's name does not tell.")
def customers_import(
    file: Path,
    dry_run: bool,
    skip_bad: bool,
    columns: Path | None,
    system: str | None,
    listed: bool,
    form: Format | None,
) -> None:
    """Import customers from a CSV or NDJSON FILE: all of them, or none.

    The report says what was changed, assumed or looks damaged, without a value. COLUMNS is a TOML file with lines such
    as "Last name" = "family_name" for a file whose columns have other names.

    \b
        gateway customers import customers.csv --dry-run
        gateway customers import customers.ndjson
        gateway customers import crm.csv --system crm
        gateway customers import panel.csv --columns panel.toml --changes --dry-run
    """
    form = form or ("ndjson" if file.suffix in (".ndjson", ".jsonl") else "csv")
    # The time zone counts: deadlines of erasures that the import causes end with the controller's days.
    settings = read_settings()
    with errors_as_sentences():
        renamed = None if columns is None else read_renamed(columns)
        report = server.run(_import(settings, file, form, dry_run, skip_bad, renamed, system))
    _report(report)
    _report_changes(report, listed)
    if not report.clean:
        raise SystemExit(BAD_ROWS)


async def _import(
    settings: Settings,
    file: Path,
    form: Format,
    dry_run: bool,
    skip_bad: bool,
    renamed: Renamed | None,
    system: str | None,
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
            )
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
    for problem in report.problems:
        click.echo(f"  {problem}")
    if report.problem_count > len(report.problems):
        click.echo(f"  ... and {report.problem_count - len(report.problems)} more")
    if report.bad_rows and not report.imported and not report.dry_run:
        click.echo("Mend these rows and run it again, or store the good ones with --skip-bad.")


def _report_changes(report: ImportReport, listed: bool) -> None:
    """Print what was changed or assumed: damaged text and, if wished, all else by row; then numbers."""
    for change in report.changes:
        if listed or change.change is FieldChange.DAMAGED:
            click.echo(f"  {change}")
    for (field, kind), count in sorted(report.change_counts.items(), key=lambda each: (each[0][0], each[0][1].value)):
        click.echo(f"  {field} {kind.value}: {count} times")
