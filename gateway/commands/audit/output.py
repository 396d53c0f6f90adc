"""Shared by all audit commands: reading the schema, output formats, and exit codes."""

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
"""Exit code: a finding that should fail a build."""
UNREADABLE = 2
"""Exit code: the command, or a file it was given, cannot be read."""

SUFFIXES = {".json": "json", ".md": "markdown", ".csv": "csv", ".html": "html", ".htm": "html", ".txt": "table"}

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(*more: str) -> Callable[[Command], Command]:
    """Add the options `--format` and `--output`; `more` are formats beyond those of every report."""

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
    """The facts of a schema; of the gateway's own if none is named. UnreadableError."""
    if where is not None:
        return Facts.of(read_text(where))
    from schema.api.build import own_model  # Strawberry takes half a second to import: only for our own schema.

    return Facts.of(own_schema(own_model()))


@contextmanager
def unreadable_as_sentence() -> Iterator[None]:
    """Print UnreadableError as a sentence, and exit with code 2."""
    try:
        yield
    except UnreadableError as error:
        click.echo(str(error), err=True)
        raise SystemExit(UNREADABLE) from error


def form_of(form: str | None, output: Path | None) -> str:
    """The format of `--format`, or else of the output file's suffix; a table by default."""
    if form is not None:
        return form
    if output is not None and output.suffix == ".sarif":
        return "sarif"
    return SUFFIXES.get(output.suffix.lower(), "table") if output is not None else "table"


def leave(text: str, output: Path | None) -> None:
    """Print the text, or write it to the file. UnreadableError if that cannot be written."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        # newline="": CSV has CRLF by RFC 4180, which must not be translated.
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UnreadableError(f"{output}: cannot be written ({error.strerror}).") from error
    click.echo(f"Written to {output}.", err=True)


def leave_report(report: Report, form: str | None, output: Path | None) -> None:
    """Print or write a report in the requested format."""
    leave(FORMS[form_of(form, output)](report), output)


def own_version() -> str:
    """The installed version; 0.0.0 if the package runs from source without being installed."""
    try:
        return version("customer-data-gateway")
    except PackageNotFoundError:
        return "0.0.0"
