"""The facts for the privacy notice of another team's schema, in the words that it defines itself (GDPR Art. 13, 14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audits.forms.findings import schema_source
from audits.forms.report import Figure, Report, Section, Table, cell, code
from audits.schema.facts import Fact, Facts
from audits.schema.vocabulary import Definition, Vocabulary, definitions


@dataclass(frozen=True, slots=True)
class CategoryUse:
    """One category of personal data: its uses, each with its condition, how long it is kept, and who receives it."""

    category: str
    purposes: tuple[tuple[str, str | None], ...]
    retention: tuple[str, ...]
    recipients: tuple[str, ...]
    fields: tuple[str, ...]


def category_uses(facts: Facts) -> list[CategoryUse]:
    """Return each category that can be read, in the order of the schema."""
    found: dict[str, list[Fact]] = {}
    for fact in facts.outputs:
        if fact.category:
            found.setdefault(fact.category, []).append(fact)
    return [
        CategoryUse(
            category,
            tuple(dict.fromkeys((name, when) for fact in of for name, when in fact.purposes.items())),
            tuple(dict.fromkeys(rule for fact in of for rule in fact.retention)),
            tuple(dict.fromkeys(name for fact in of for name in fact.declared.recipients)),
            tuple(fact.coordinate for fact in of),
        )
        for category, of in found.items()
    ]


def own_words_report(facts: Facts) -> Report:
    """Return the report: what is processed and what for, then the purposes with their legal bases."""
    uses, words, defined = category_uses(facts), Vocabulary.of_schema(facts.sdl), definitions(facts.sdl)
    named = list(dict.fromkeys(name for each in uses for name, _ in each.purposes))
    purposes = defined.get("Purpose", {})
    table = Table(
        ("Data", "Used to", "Kept", "Given to", "Fields"),
        [
            [
                cell(words.text("DataCategory", each.category)),
                cell(" ".join(_used(words, name, when) for name, when in each.purposes)),
                cell(" ".join(_kept(words, defined.get("RetentionRule", {}), each.retention))),
                cell(" ".join(words.text("Recipient", name) for name in each.recipients) or "nobody"),
                code(" ".join(each.fields)),
            ]
            for each in uses
        ],
        wordy=1,
    )
    lacking = [name for name in named if not (name in purposes and purposes[name].basis)]
    sections = [
        Section("Data and purposes", table=table),
        Section("Purposes and legal bases", table=_bases(words, purposes, named)),
    ]
    if lacking:
        said = ["No notice is complete without it (Art. 13(1)(c)): add `basis` to their definitions."]
        sections.append(Section("Purposes without a legal basis", said, lacking))
    return Report(
        "own-words",
        "Data and purposes of a schema, in its own words",
        "The part of a privacy notice that a schema can tell. The controller adds who it is, and people's rights.",
        sections,
        _data(uses, named, purposes, words),
        [Figure("Categories", str(len(uses))), Figure("Purposes", str(len(named)))],
        schema_source(facts),
        rows=table,
    )


def _used(words: Vocabulary, name: str, when: str | None) -> str:
    text = words.text("Purpose", name)
    return f"{text} Only when: {words.text('Condition', when)}" if when else text


def _kept(words: Vocabulary, rules: Mapping[str, Definition], names: Iterable[str]) -> list[str]:
    periods = {name: f" ({rules[name].period})" if name in rules and rules[name].period else "" for name in names}
    return [f"{words.text('RetentionRule', name)}{period}" for name, period in periods.items()]


def _bases(words: Vocabulary, purposes: Mapping[str, Definition], named: list[str]) -> Table:
    return Table(
        ("Purpose", "What for", "Legal basis", "Term"),
        [
            [
                code(name),
                cell(words.text("Purpose", name)),
                cell(" ".join(purposes[name].basis) if name in purposes else ""),
                cell(purposes[name].iri if name in purposes else ""),
            ]
            for name in named
        ],
    )


def _data(
    uses: list[CategoryUse], named: list[str], purposes: Mapping[str, Definition], words: Vocabulary
) -> dict[str, Any]:
    return {
        "categories": [
            {
                "name": each.category,
                "text": words.text("DataCategory", each.category),
                "purposes": [{"name": name, "when": when} for name, when in each.purposes],
                "retention": list(each.retention),
                "recipients": list(each.recipients),
                "fields": list(each.fields),
            }
            for each in uses
        ],
        "purposes": [
            {
                "name": name,
                "text": words.text("Purpose", name),
                "basis": list(purposes[name].basis) if name in purposes else [],
                "iri": purposes[name].iri if name in purposes else "",
            }
            for name in named
        ],
    }
