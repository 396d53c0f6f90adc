"""The letter to each person whose data were read (GDPR Art. 34(2)), addressed by pseudonym."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from jinja2 import Template

from audits.breach.incident import Incident
from audits.breach.notification import category_text
from audits.breach.persons import ConcernedPerson
from audits.papers.controller import Controller
from messages.catalogue import translate
from messages.dates import moment
from messages.message import Message
from messages.templates import environment


@dataclass(frozen=True, slots=True)
class BreachLetters:
    """The common part of every letter of a breach."""

    incident: Incident
    controller: Controller
    categories: Mapping[str, str | None]
    """The category of each field of the schema."""

    def write(self, person: ConcernedPerson, language: str) -> str:
        """Return the letter to one person: when, how often and which categories of data, and no value of them."""
        kinds = sorted({category for each in person.fields if (category := self.categories.get(each))})
        first, last = (moment(datetime.fromtimestamp(at, UTC), language) for at in (person.first, person.last))
        times = Message(
            "Number of readings: {count}; the first one on {first}, the last one on {last}.",
            count=person.readings,
            first=first,
            last=last,
        )
        officer = self.controller.dpo
        contact = (officer.name, officer.email) if officer.name else (self.controller.name, self.controller.email)
        text = _template().render(
            language=language,
            incident=self.incident,
            controller=self.controller,
            person=person,
            times=translate(times, language),
            categories=[translate(category_text(name), language) for name in kinds],
            contact=", ".join(filter(None, contact)),
        )
        return text.rstrip("\n") + "\n"


@cache
def _template() -> Template:
    return environment("audits").get_template("breach_letter.txt")
