"""Validates the controller's file: the required facts with their articles, and mistakes with their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from messages.catalogue import languages
from policy.recipients import Recipient

LANGUAGES: Final = ("en", "fr")
"""Languages in which the controller must write its sentences; others that have a catalogue are optional."""


@dataclass(frozen=True, slots=True)
class Needed:
    """One required fact; `by_language` if people read it verbatim."""

    path: str
    what: str
    article: str
    by_language: bool = False


NEEDED: Final = (
    Needed("controller.name", "the controller's registered name", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.address", "its postal address", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.country", "its country, two letters (ISO 3166-1)", "Art. 13(1)(a)"),
    Needed("controller.email", "the address for questions about privacy", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.notice_url", "where the notice is published", "Art. 12(1)"),
    Needed("dpo.name", "the data protection officer", "Art. 13(1)(b), 30(1)(a)"),
    Needed("dpo.email", "how to reach the officer", "Art. 13(1)(b), 30(1)(a)"),
    Needed("eu_representative.name", "the representative in the Union", "Art. 13(1)(a), 27, 30(1)(a)"),
    Needed("eu_representative.email", "how to reach the representative", "Art. 13(1)(a), 27"),
    Needed("authority.name", "the supervisory authority for complaints", "Art. 13(2)(d)"),
    Needed("authority.website", "its web site", "Art. 13(2)(d)"),
    Needed("transfers", "countries outside that receive data, or `none` with the reason", "Art. 13(1)(f), 30(1)(e)"),
    Needed("rights.how", "how people exercise their rights", "Art. 12(2), 13(2)(b)", by_language=True),
    Needed("obligation.text", "what happens when data is not given", "Art. 13(2)(e)", by_language=True),
    Needed("automated_decisions.text", "whether decisions are automated, and how", "Art. 13(2)(f)", by_language=True),
    Needed("measures", "a list of security measures beyond the gateway's own", "Art. 30(1)(g)"),
)
OPTIONAL: Final = {
    "controller.phone",
    "authority.address",
    "eu_representative.address",
    "dpo.phone",
    "joint_controllers",
}
EXCUSABLE: Final = ("dpo", "eu_representative", "transfers")
"""Sections that may have `none = "why"` instead: a reason is required, silence is not accepted."""


def errors(given: Mapping[str, Any]) -> list[str]:
    """Return everything that is missing, misspelt or malformed; empty for a valid file."""
    return [*_missing(given), *_unknown(given), *_odd(given), *_transfer_errors(given)]


def _at(given: Mapping[str, Any], path: str) -> Any:
    found: Any = given
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _missing(given: Mapping[str, Any]) -> Iterator[str]:
    for each in NEEDED:
        section = each.path.partition(".")[0]
        # Sections with `none` need no further facts.
        if section in EXCUSABLE and _said(_at(given, f"{section}.none")):
            continue
        value = _at(given, each.path)
        paths = [f"{each.path}.{language}" for language in LANGUAGES] if each.by_language else [each.path]
        if each.path == "transfers":
            if not _at(given, "transfers.to"):
                yield f"transfers.to or transfers.none: {each.what} ({each.article})"
        elif each.path == "measures":
            # An empty list would read as if there were no measures.
            if not isinstance(value, list) or not value or not all(map(_said, value)):
                yield f"measures: {each.what} ({each.article})"
        else:
            yield from (f"{path}: {each.what} ({each.article})" for path in paths if not _said(_at(given, path)))


def _said(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(LANGUAGES) <= set(value) <= set(languages()) and all(map(_said, value.values()))
    return isinstance(value, str) and bool(value.strip())


def _unknown(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield unknown keys: a misspelt key is a fact that would be missing in the notice."""
    known = {each.path for each in NEEDED} | OPTIONAL | {f"{section}.none" for section in EXCUSABLE}
    spoken = [each.path for each in NEEDED if each.by_language] + [f"{section}.none" for section in EXCUSABLE]
    known |= {f"{path}.{language}" for path in spoken for language in languages()}
    known |= {"transfers.to"}
    for path in _paths(given):
        # The parent of a known key is no mistake by itself.
        if path not in known and not any(each.startswith(f"{path}.") for each in known):
            yield f"{path}: there is no such key"


def _odd(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield values of another type than text, which would be printed in the notice as they are."""
    for key, value in given.items():
        if key in ("measures", "joint_controllers"):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                yield f"{key}: a list of sentences"
        elif not isinstance(value, Mapping):
            yield f"{key}: a table [{key}]"
        elif key == "transfers" and not isinstance(value.get("to", []), list):
            yield "transfers.to: tables [[transfers.to]]"
        else:
            wrong = (name for name, each in value.items() if not isinstance(each, (str, Mapping, list)))
            yield from (f"{key}.{name}: text in quotation marks" for name in wrong)


def _paths(given: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in given.items():
        path = f"{before}{key}"
        yield path
        if isinstance(value, Mapping):
            yield from _paths(value, f"{path}.")


def _transfer_errors(given: Mapping[str, Any]) -> Iterator[str]:
    listed = _at(given, "transfers.to") or ()
    for number, each in enumerate(listed if isinstance(listed, list) else (), 1):
        for key in ("recipient", "country", "safeguards"):
            if not isinstance(each, Mapping) or not _said(each.get(key)):
                yield f"transfers.to, entry {number}: {key} (Art. 13(1)(f), 30(1)(e))"
            elif key == "recipient" and each[key] not in Recipient.__members__:
                yield f"transfers.to, entry {number}: recipient is one of {', '.join(Recipient.__members__)}"
