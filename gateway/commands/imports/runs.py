"""`gateway imports`: lists the runs of imports, releases the letters that one holds, and undoes one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
import orjson

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.imports.runs import ImportRunError, ImportRuns
from resolvers.imports.undoing import Undone, undo
from store.database.store import Store, open_store

Result = TypeVar("Result")

MOST_ROWS = 20
"""Rows of the file that are named without --rows."""


@click.group("imports")
def commands() -> None:
    """List the runs of imports, release the letters that one holds, or undo one.

    \b
        gateway customers import panel.csv --hold-mail
        gateway imports show 829437298437
        gateway imports release 829437298437
    """


@commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one run a line.")
def list_(as_json: bool) -> None:
    """List the newest runs.

    \b
        gateway imports list
    """
    for row in _with(lambda store: ImportRuns(store).listed()):
        if as_json:
            click.echo(orjson.dumps(_facts(row)).decode())
        else:
            counts = f"{row.added:>7} added {row.changed:>7} changed"
            click.echo(f"{row.id:<20} {row.started_at:%Y-%m-%d %H:%M}  {counts}  {_state(row)}")


@commands.command("show")
@click.argument("run", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(run: int, as_json: bool) -> None:
    """Show one run: its counts, and the letters that it holds.

    \b
        gateway imports show 829437298437
    """
    facts = _facts(_with(lambda store: ImportRuns(store).one(run)))
    if as_json:
        click.echo(orjson.dumps(facts).decode())
        return
    for name, value in facts.items():
        click.echo(f"{name:<12} {'' if value is None else value}".rstrip())


@commands.command("release")
@click.argument("run", type=int)
def release(run: int) -> None:
    """Deliver the letters that a run holds, and those that it causes from now on.

    After that, customers who were written to are not removed by an undo.

    \b
        gateway imports release 829437298437
    """
    released = _with(lambda store: ImportRuns(store).release(run, _now()))
    click.echo(f"{released.letters} letters are delivered now.")
    if released.void:
        click.echo(f"{released.void} are not, as their date has passed; what is still due is written again.")


@commands.command("undo")
@click.argument("run", type=int)
@click.option("--rows", is_flag=True, help="Name every row of the file whose customer stays.")
@click.confirmation_option(prompt="The customers whom this run added are removed for good. Go on?")
def undo_(run: int, rows: bool) -> None:
    """Remove the customers whom a run added: their keys are destroyed, so backups cannot bring them back.

    A customer stays who was written to, who signed in, or of whom anything was changed since; the rows of the file are
    named with the reason. So are known customers whom the run changed: their former values are not kept.

    \b
        gateway imports undo 829437298437
    """
    undone = _with(lambda store: undo(store, run, _now()))
    click.echo(f"{undone.removed} customers were removed.")
    _report(undone, rows)


def _report(undone: Undone, every: bool) -> None:
    for reason, count in sorted(undone.reasons.items(), key=lambda each: each[0].name):
        click.echo(f"{count} stay, since {reason.value}.")
    for at, (row, (reason, table)) in enumerate(sorted(undone.kept.items())):
        if at == MOST_ROWS and not every:
            click.echo(f"  ... and {len(undone.kept) - MOST_ROWS} more (--rows)")
            break
        click.echo(f"  row {row}: {reason.name} ({table})")
    if undone.changed:
        click.echo(f"{undone.changed} known customers stay as the run changed them: former values are not kept.")
    if undone.kept:
        click.echo("They can be erased with `gateway erasures request`, which informs them.")


def _state(row: Any) -> str:
    if row.undone_at is not None:
        return f"undone, {row.here} stay" if row.here else "undone"
    if row.finished_at is None:
        return "not finished"
    if not row.mail_held:
        return "done"
    return f"HELD, {row.held} letters" if row.released_at is None else "released"


def _facts(row: Any) -> dict[str, Any]:
    return {
        "run": row.id,
        "state": _state(row),
        "system": row.system,
        "started": row.started_at.isoformat(),
        "finished": row.finished_at and row.finished_at.isoformat(),
        "rows": row.read,
        "added": row.added,
        "changed": row.changed,
        "here": row.here,
        "mailHeld": row.mail_held,
        "held": row.held,
        "released": row.released_at and row.released_at.isoformat(),
        "undone": row.undone_at and row.undone_at.isoformat(),
    }


def _with(work: Callable[[Store], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        store = await open_store(store_config(read_settings()))
        try:
            return await work(store)
        finally:
            await store.close()

    with errors_as_sentences():
        try:
            return server.run(run())
        except ImportRunError as error:
            raise click.ClickException(str(error)) from None


def _now() -> datetime:
    return datetime.now(UTC)
