"""What all audit commands share: where a schema comes from, in which form a report leaves, and the exit codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import click

from audits.forms.forms import FORMS
from audits.forms.report import Report
from audits.schema.facts import Facts
from audits.schema.sources import UnreadableError, read_text
from schema.audits.printed import own_schema

FOUND = 1
"""Exit code: something a build should stop for."""
UNREADABLE = 2
"""Exit code: the command, or a file it was given, cannot be read."""

SUFFIXES = {".json": "json", ".md": "markdown", ".csv": "csv", ".html": "html", ".htm": "html", ".txt": "table"}

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(*more: str) -> Callable[[Command], Command]:
    """`--format` and `--output`; `more` are forms beyond those of every report."""

    def decorate(command: Command) -> Command:
        form = click.option(
            "--format",
            "form",
            type=click.Choice([*FORMS, *more]),
            help="By default: what the name of the output file says, else a table.",
        )
        path = click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
        return path(form(command))

    return decorate


schema_argument = click.argument("schema", required=False)


def read_facts(where: str | None) -> Facts:
    """The facts of a schema: the gateway's own when none is named."""
    return Facts.of(own_schema() if where is None else read_text(where))


@contextmanager
def told_plainly() -> Iterator[None]:
    """What cannot be read is told in a sentence, and exits with code 2."""
    try:
        yield
    except UnreadableError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNREADABLE) from error


def form_of(form: str | None, output: Path | None) -> str:
    """The form that was asked for, in so many words or by the name of the file."""
    if form is not None:
        return form
    if output is not None and output.suffix == ".sarif":
        return "sarif"
    return SUFFIXES.get(output.suffix.lower(), "table") if output is not None else "table"


def leave(text: str, output: Path | None) -> None:
    """Print it, or write it to the file."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UnreadableError(f"{output}: cannot be written ({error.strerror}).") from error
    click.echo(f"Written to {output}.", err=True)


def leave_report(report: Report, form: str | None, output: Path | None) -> None:
    """Print or write a report in the form that was asked for."""
    leave(FORMS[form_of(form, output)](report), output)


def own_version() -> str:
    """This release; run from its source without being installed, it has none."""
    try:
        return version("customer-data-gateway")
    except PackageNotFoundError:
        return "0.0.0"
