"""Sign-offs: accepted changes and findings, with person and reason, in a file that is reviewed like code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from audits.schema.checks import Check, Finding
from audits.schema.sources import Text, UnreadableError

REQUIRED = ("coordinate", "change", "who", "why")
KNOWN = {*REQUIRED, "value"}
NEVER = frozenset({Check.SYNTAX, Check.HARD_RULE, Check.SECRET_COLUMN})
"""Checks that cannot be signed off, since the notice itself excludes them."""


class Accountable(Protocol):
    """A change that somebody may have to sign off."""

    @property
    def id(self) -> str:
        """The name of its kind in files."""

    @property
    def coordinate(self) -> str:
        """The coordinate that changed."""

    @property
    def value(self) -> str:
        """The changed value."""

    @property
    def needs_sign_off(self) -> bool:
        """True if it must be signed off."""


class Signable(Accountable, Protocol):
    """A change that can be marked as signed off."""

    def signed(self: Change, by: str) -> Change:
        """Return the change, signed off."""


Change = TypeVar("Change", bound="Signable")


@dataclass(frozen=True, slots=True)
class SignOff:
    """One `[[accept]]`."""

    coordinate: str
    change: str
    """The id of the change or check: `purpose-added`, `undeclared`."""
    value: str | None
    """The changed value, such as the purpose; None: any value."""
    who: str
    why: str

    @property
    def by(self) -> str:
        """The person and the reason, as one line."""
        return f"{self.who}: {self.why}"

    def covers(self, change: str, coordinate: str, value: str | None) -> bool:
        """Return whether it accepts this change or finding."""
        # By coordinate and change, not by line, so that a sign-off survives unrelated edits.
        return self.change == change and self.coordinate == coordinate and self.value in (None, value)


@dataclass(slots=True)
class SignOffs:
    """The sign-offs of a file; `stale` are those that matched nothing."""

    given: tuple[SignOff, ...] = ()
    used: set[SignOff] = field(default_factory=set)

    @classmethod
    def read(cls, text: Text) -> SignOffs:
        """Parse TOML; UnreadableError lists every incomplete entry."""
        try:
            entries = tomllib.loads(text.text).get("accept", [])
        except tomllib.TOMLDecodeError as error:
            raise UnreadableError(f"{text.name}: {error}.") from error
        # `[accept]` with single brackets is valid TOML, but a table and not a list of tables.
        if not isinstance(entries, list):
            raise UnreadableError(f"{text.name}: write each sign-off as a table [[accept]].")
        errors = [fault for number, entry in enumerate(entries, 1) for fault in _errors(number, entry)]
        if errors:
            raise UnreadableError("\n".join(f"{text.name}: {fault}" for fault in errors))
        return cls(tuple(SignOff(**{"value": None, **entry}) for entry in entries))

    def changes(self, changes: Iterable[Change]) -> list[Change]:
        """Mark the changes that were signed off; only some need it."""
        return [
            each.signed(found.by)
            if each.needs_sign_off and (found := self._find(each.id, each.coordinate, each.value))
            else each
            for each in changes
        ]

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Mark the findings that were signed off."""
        return [
            replace(each, accepted=found.by)
            if each.check not in NEVER and (found := self._find(each.check.id, each.coordinate, None))
            else each
            for each in findings
        ]

    def _find(self, change: str, coordinate: str, value: str | None) -> SignOff | None:
        found = next((each for each in self.given if each.covers(change, coordinate, value)), None)
        if found is not None:
            self.used.add(found)
        return found

    @property
    def stale(self) -> tuple[SignOff, ...]:
        """Sign-offs that matched nothing: if they stay, they would accept a later change without a review."""
        return tuple(each for each in self.given if each not in self.used)


def _errors(number: int, entry: object) -> list[str]:
    if not isinstance(entry, dict):
        return [f"entry {number} is no table: write [[accept]]."]
    named = f"entry {number} ({entry.get('coordinate', 'no coordinate')})"
    missing = [key for key in REQUIRED if not isinstance(entry.get(key), str) or not entry[key].strip()]
    if not isinstance(entry.get("value", ""), str):
        missing.append("value as text")
    unknown = sorted(set(entry) - KNOWN)
    return [f"{named} does not say {key}." for key in missing] + [
        f"{named} has an unknown key {key}." for key in unknown
    ]


def proposed(changes: Iterable[Accountable]) -> str:
    """Return TOML that accepts these changes, with `who` and `why` to be filled in: empty ones are refused."""
    lines = []
    for each in changes:
        lines += [
            "[[accept]]",
            f"coordinate = {_quoted(each.coordinate)}",
            f"change = {_quoted(each.id)}",
            *([f"value = {_quoted(each.value)}"] if each.value else []),
            'who = ""',
            'why = ""',
            "",
        ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    # By hand, because the standard library reads TOML but does not write it.
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
