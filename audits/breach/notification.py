"""The form of a notification of a breach to the authority (GDPR Art. 33(3)), in the authority's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from audits.breach.incident import Incident
from audits.breach.scope import BreachScope
from audits.forms.report import Cell, Figure, Report, Section, Table, cell
from audits.papers.controller import Controller
from messages.catalogue import translate
from messages.dates import moment
from messages.message import Message
from policy.breaches import NotificationClock
from policy.categories import Category
from store.registers.clients import clients
from store.sql.metadata import instant
from store.sql.reading import Reader

UNKNOWN = Message("Not known yet: it follows without undue further delay (GDPR Art. 33(4)).")


@dataclass(frozen=True, slots=True)
class NotifiedClient:
    """The client whose access was misused, as it is registered."""

    id: str
    name: str
    disabled_at: datetime | None


async def notified_client(reader: Reader, client: str) -> NotifiedClient | None:
    """Return a client as it is registered, also when it is disabled; None for one that never was."""
    query = select(clients.c.name, clients.c.disabled_at).where(clients.c.id == bindparam("client"))
    rows = await reader.fetch(reader.prepare(query), {"client": client})
    return next((NotifiedClient(client, name, None if at is None else instant(at)) for name, at in rows), None)


def notification(
    scope: BreachScope,
    concerned: Counter[str],
    incident: Incident,
    controller: Controller,
    client: NotifiedClient,
    clock: NotificationClock,
    now: datetime,
    language: str,
) -> Report:
    """Return the form, with every fact that the gateway has; what only the controller knows is taken or said to follow.

    Letters of the headings are those of Art. 33(3).
    """

    def say(message: Message) -> str:
        return translate(message, language)

    def known(part: str) -> str:
        return incident.text(part, language) or translate(UNKNOWN, language)

    read = Message(
        "The access of the program “{name}” ({id}) was misused from {since} to {until}.",
        name=client.name,
        id=client.id,
        since=moment(scope.since, language),
        until=moment(scope.until, language),
    )
    stopped = (
        say(Message("The program is still admitted."))
        if client.disabled_at is None
        else say(Message("The program is locked out since {at}.", at=moment(client.disabled_at, language)))
    )
    proof = Message(
        "Each reading is an entry of a signed ledger; {proven} of them are proven, {unsigned} are not signed yet.",
        proven=scope.proven,
        unsigned=scope.unsigned,
    )
    sections = [
        Section(say(Message("Nature of the breach (a)")), [known("nature"), say(read)]),
        Section(
            say(Message("Persons and data concerned (a)")),
            [say(Message("Persons: {persons}. Values: {values}.", persons=scope.persons, values=scope.records))],
            table=_categories(concerned, language),
        ),
        Section(say(Message("Contact (b)")), _contact(controller)),
        Section(say(Message("Likely consequences (c)")), [known("consequences")]),
        Section(say(Message("Measures taken or proposed (d)")), [known("measures"), stopped]),
        Section(say(Message("Time of the notification")), _times(incident, clock, now, language)),
        Section(say(Message("Evidence")), [say(proof)]),
    ]
    figures = [
        Figure(say(Message("Persons")), str(scope.persons)),
        Figure(say(Message("Values")), str(scope.records)),
        Figure(say(Message("Due")), moment(clock.due, language), "bad" if clock.due < now else ""),
    ]
    title = say(Message("Notification of a personal data breach (GDPR Art. 33)"))
    return Report("notification", title, controller.name, sections, {}, figures, {}, language)


def _times(incident: Incident, clock: NotificationClock, now: datetime, language: str) -> Sequence[str]:
    aware = Message(
        "The controller became aware of it on {aware}; 72 hours end on {due}.",
        aware=moment(clock.aware, language),
        due=moment(clock.due, language),
    )
    if clock.due >= now:
        return [translate(aware, language)]
    late = incident.delay or translate(
        "The notification is late, and its reasons are missing (GDPR Art. 33(1)).", language
    )
    return [translate(aware, language), late]


def _contact(controller: Controller) -> list[str]:
    officer = controller.dpo
    parts = [officer.name, officer.email] if officer.name else [controller.name, controller.email, controller.phone]
    return [", ".join(filter(None, parts)), f"{controller.name}, {controller.address}"]


def _categories(concerned: Counter[str], language: str) -> Table:
    rows: list[list[Cell]] = [
        [cell(translate(category_text(name), language)), cell(count)] for name, count in concerned.most_common()
    ]
    return Table((translate("Category of data", language), translate("Persons", language)), rows)


def category_text(name: str) -> str:
    """Return the sentence of a category; the name itself for one that the policy does not know."""
    return Category[name].text if name in Category.__members__ else name
