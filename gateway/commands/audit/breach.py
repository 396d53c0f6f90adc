"""`gateway audit breach`: the scope of a breach, its notification, and a letter for each person (GDPR Art. 33, 34)."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import click

from audits.breach.incident import Incident, read_incident
from audits.breach.letters import BreachLetters
from audits.breach.notification import NotifiedClient, notification, notified_client
from audits.breach.persons import ConcernedPersons
from audits.breach.report import breach_report, clock_text
from audits.breach.scope import BreachScope, breach_scope
from audits.forms.forms import FORMS, harmless
from audits.papers.controller import Controller, read_controller
from audits.reports.ledger_report import moment
from audits.reports.reading import Readers
from audits.reports.refusals import RefusedClient, refusal_facts
from audits.schema.sources import UnreadableError, read_text
from gateway.commands.audit.output import (
    FOUND,
    leave,
    leave_report,
    output_options,
    read_facts,
    unreadable_as_sentence,
)
from gateway.commands.audit.papers import controller_option
from gateway.commands.audit.store import from_store
from policy.breaches import NotificationClock

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"])
CSV_HEAD = ("person", "readings", "first", "last", "purposes", "categories", "fields")


@dataclass(frozen=True, slots=True)
class _Found:
    """The facts of the store about a breach."""

    scope: BreachScope
    concerned: Counter[str]
    refused: Sequence[RefusedClient]
    client: NotifiedClient


@click.command("breach")
@click.option("--client", metavar="ID", help="The client whose access was misused.")
@click.option("--from", "since", type=MOMENT, help="From this moment on, in UTC: 2026-11-29 or 2026-11-29T18:30Z.")
@click.option("--to", "until", type=MOMENT, help="Before this moment; by default now.")
@click.option("--incident", metavar="FILE", help="TOML with what only you know of it (--example prints one).")
@controller_option
@click.option(
    "--files",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for persons, proofs, the form for the authority, and the letters.",
)
@click.option("--example", is_flag=True, help="Print an example of the incident's file.")
@output_options()
def breach_(
    client: str | None,
    since: datetime | None,
    until: datetime | None,
    incident: str | None,
    controller: str | None,
    folder: Path | None,
    example: bool,
    form: str | None,
    output: Path | None,
) -> None:
    """Show the scope of a breach: whom a client read in a period, which fields, for what.

    Everything comes from the ledger, in which a reading stands before its answer leaves, and each entry is held against
    the signed tree. Persons are pseudonyms, also those who were erased since. The 72 hours of Art. 33 begin at the
    `aware` of the incident's file, else when the report is made. --files writes persons.csv, proofs.ndjson (for
    `gateway ledger verify`), the form of Art. 33(3) and, once the incident's file lacks nothing, a letter for each
    person (Art. 34) in each of its languages.

    \b
        gateway audit breach --client crm --from 2026-11-28 --to 2026-11-30T09:00Z
        gateway audit breach --example > breach.toml
        gateway audit breach --client crm --from 2026-11-28 --incident breach.toml --controller controller.toml \\
            --files breach-2026-11/
    \b
    Exit code 1 when an entry cannot be read or is not as it was signed, 3 when the store cannot be read.
    """
    if example:
        leave(files("audits").joinpath("data/breach.example.toml").read_text("utf-8"), output)
        return
    if client is None or since is None:
        raise click.UsageError("Name --client and --from: whose access was misused, and since when.")
    now = datetime.now(UTC)
    begin, end = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC) if until else now
    if begin >= end:
        raise click.UsageError("--from is not before --to.")
    with unreadable_as_sentence(), ConcernedPersons() as persons:
        said = read_incident(read_text(incident)) if incident else Incident()
        own = read_controller(read_text(controller)) if controller else None
        categories = {fact.coordinate: fact.category for fact in read_facts(None).outputs}
        if folder is not None:
            _make(folder)
        found = _read(client, begin, end, persons, categories, folder)
        clock = NotificationClock(said.aware or now)
        report = breach_report(found.scope, found.concerned, categories, found.refused, clock, now)
        if folder is not None:
            _leave_files(folder, found, persons, said, own, categories, clock, now)
        leave_report(report, form, output)
    if said.aware is None:
        click.echo("The 72 hours are counted from this report: say `aware` in the incident's file.", err=True)
    click.echo(f"Notify the authority by {clock_text(clock, now)} (GDPR Art. 33(1)).", err=True)
    if found.scope.findings:
        raise SystemExit(FOUND)


def _read(
    client: str,
    since: datetime,
    until: datetime,
    persons: ConcernedPersons,
    categories: dict[str, str | None],
    folder: Path | None,
) -> _Found:
    """Read ledger and registers; a click error for a client that neither knows."""

    async def read(readers: Readers) -> tuple[BreachScope, Sequence[RefusedClient], NotifiedClient | None]:
        # Refusals are counted by day: those of the days that the period touches.
        day = since.replace(hour=0, minute=0, second=0, microsecond=0)
        refused = await refusal_facts(readers.main, day, until, client)
        known = await notified_client(readers.main, client)
        if folder is None:
            return await breach_scope(readers.ledger, client, since, until, persons), refused, known
        with _written(folder / "proofs.ndjson", "wb") as proofs:
            return await breach_scope(readers.ledger, client, since, until, persons, proofs.write), refused, known

    scope, refused, known = from_store(read)
    if known is None and not scope.operations:
        # A misspelt client would give an empty report, which reads as if nothing had happened.
        raise click.UsageError(f"There is no client {client}, and none of this name in the period.")
    return _Found(scope, scope.sum_up(persons, categories), refused, known or NotifiedClient(client, client, None))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise click.UsageError(
            f"{folder} is there already, and nothing in it is overwritten: name a new one."
        ) from None
    except OSError as error:
        raise UnreadableError(f"{folder}: cannot be made ({error.strerror}).") from error


def _leave_files(
    folder: Path,
    found: _Found,
    persons: ConcernedPersons,
    incident: Incident,
    controller: Controller | None,
    categories: dict[str, str | None],
    clock: NotificationClock,
    now: datetime,
) -> None:
    _leave_persons(folder, persons, categories)
    if controller is None:
        click.echo("No form and no letters: they need --controller FILE.", err=True)
        return
    for language in controller.languages:
        form = notification(found.scope, found.concerned, incident, controller, found.client, clock, now, language)
        with _written(folder / f"notification.{language}.html", "w") as file:
            file.write(FORMS["html"](form))
    spoken = [each for each in controller.languages if not incident.missing(each)]
    for language in controller.languages:
        if missing := incident.missing(language):
            click.echo(f"No letters in {language}: the incident's file lacks {', '.join(missing)}.", err=True)
    letters = BreachLetters(incident, controller, categories)
    for person in persons if spoken else ():
        # Folders by the first two letters, since a folder of a million files serves nobody.
        below = folder / "letters" / person.pseudonym[:2]
        below.mkdir(mode=0o700, parents=True, exist_ok=True)
        for language in spoken:
            with _written(below / f"{person.pseudonym}.{language}.txt", "w") as file:
                file.write(letters.write(person, language))
    click.echo(f"Written to {folder}: {found.scope.persons} persons, letters in {len(spoken)} languages.", err=True)


def _leave_persons(folder: Path, persons: ConcernedPersons, categories: dict[str, str | None]) -> None:
    with _written(folder / "persons.csv", "w") as file:
        rows = csv.writer(file)
        rows.writerow(CSV_HEAD)
        for person in persons:
            kinds = sorted({category for each in person.fields if (category := categories.get(each))})
            rows.writerow(
                (
                    # A pseudonym may begin with "-", which a spreadsheet would read as a formula.
                    harmless(person.pseudonym),
                    person.readings,
                    moment(person.first),
                    moment(person.last),
                    " ".join(person.purposes),
                    " ".join(kinds),
                    " ".join(person.fields),
                )
            )


@contextmanager
def _written(path: Path, mode: str) -> Iterator[IO[Any]]:
    """A new file that only its owner may read; UnreadableError where it cannot be written."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, mode, encoding=None if "b" in mode else "utf-8", newline=None if "b" in mode else "") as file:
            yield file
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be written ({error.strerror}).") from error
