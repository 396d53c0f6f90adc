"""Compares two schemas by their meaning for privacy: each change loosens, tightens, or is neutral."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from audits.schema import comparing, lint_silence
from audits.schema.changes import ChangeKind, Direction, SchemaChange, Severity
from audits.schema.comparing import Difference
from audits.schema.declarations import declaration
from audits.schema.facts import Fact, Facts
from audits.schema.vocabulary import CATALOGUES, Vocabulary, word_place
from policy.categories import Category

WEIGHT = tuple(Severity)


def diff(old: Facts, new: Facts) -> list[SchemaChange]:
    """Return every relevant change, the most severe first. A rename is a removal and an addition."""
    found = [*_fields(old, new), *_types(old, new), *_words(old, new)]
    directions = tuple(Direction)
    return sorted(
        dict.fromkeys(found),
        key=lambda each: (
            directions.index(each.kind.direction),
            WEIGHT.index(each.kind.severity),
            each.place,
            each.coordinate,
            each.kind.name,
            each.value,
        ),
    )


def loosening(changes: Iterable[SchemaChange]) -> list[SchemaChange]:
    """Return the loosening changes without a sign-off: a build fails for any."""
    return [each for each in changes if each.needs_sign_off and not each.accepted]


def _fields(old: Facts, new: Facts) -> Iterator[SchemaChange]:
    # Categories and purposes that the notice names already: a new field with another pair is a new use.
    known, silent = uses(old), silent_coordinates(new)
    for coordinate, fact in new.all.items():
        before = old.all.get(coordinate)
        if before is None:
            if coordinate in silent:
                yield _change((ChangeKind.SILENT_ADDED, fact.type), fact)
            yield from (_change(each, fact) for each in _added(fact, known))
        else:
            yield from (_change(each, fact) for each in _between(old, new, before, fact))
    for coordinate, fact in old.all.items():
        if coordinate not in new.all and fact.governs:
            kind = ChangeKind.INPUT_REMOVED if fact.inbound else ChangeKind.FIELD_REMOVED
            yield _change((kind, fact.category or ""), fact)


def _change(difference: Difference, fact: Fact) -> SchemaChange:
    kind, value = difference
    return SchemaChange(kind, fact.coordinate, value, fact.place)


def silent_coordinates(facts: Facts) -> frozenset[str]:
    """Return coordinates without a required declaration, by the lint: a permissive server would show them to
    anybody."""
    return frozenset(each.coordinate for each in lint_silence.findings(facts) if each.level == "error")


def uses(facts: Facts) -> frozenset[tuple[str, str]]:
    """Return the pairs of category and purpose of all readable fields."""
    return frozenset((fact.category, purpose) for fact in facts.outputs if fact.category for purpose in fact.purposes)


def _added(fact: Fact, known: frozenset[tuple[str, str]]) -> Iterator[Difference]:
    """Yield the changes of an added coordinate."""
    if not fact.governs:
        return
    if fact.inbound:
        yield ChangeKind.INPUT_ADDED, fact.category or ""
        return
    category = Category.__members__.get(fact.category or "")
    fresh = [purpose for purpose in fact.purposes if fact.category and (fact.category, purpose) not in known]
    if category is not None and category.derived_from and not any(each == category.name for each, _ in known):
        yield ChangeKind.DERIVED_FIELD_ADDED, f"{category.name} from {category.derived_from}"
    elif fresh:
        yield ChangeKind.FIELD_ADDED_NEW_USE, f"{fact.category} for {', '.join(fresh)}"
    else:
        yield ChangeKind.FIELD_ADDED, fact.category or ", ".join(fact.purposes)
    yield from ((ChangeKind.RECIPIENT_ADDED, name) for name in fact.declared.recipients)


def _between(old: Facts, new: Facts, before: Fact, after: Fact) -> Iterator[Difference]:
    """Yield the changes of a coordinate that is in both schemas."""
    if before.governs and not after.governs:
        yield ChangeKind.UNDECLARED, before.category or ", ".join(before.purposes)
        return
    if after.governs and not before.governs:
        yield ChangeKind.DECLARED, after.category or ", ".join(after.purposes)
        return
    if not after.governs:
        if after.declared.public and not before.declared.public:
            yield ChangeKind.PUBLIC_ADDED, after.declared.public
        return
    yield from chain(
        comparing.purposes(before, after),
        _categories(before, after),
        _retention(old, new, before, after),
        comparing.recipients(before, after),
        comparing.scopes(before.scopes, after.scopes),
        comparing.third_parties(before, after),
        comparing.step_ups(before, after),
        comparing.forms(before, after),
    )


def _categories(before: Fact, after: Fact) -> Iterator[Difference]:
    """Compare categories: an added one makes the hard rules apply to the field, a removed one stops that."""
    if before.category and not after.category:
        yield ChangeKind.UNDECLARED, before.category
    elif after.category and not before.category:
        yield ChangeKind.DECLARED, after.category
    yield from comparing.categories(before.category, after.category)


def _retention(old: Facts, new: Facts, before: Fact, after: Fact) -> Iterator[Difference]:
    """Compare a field's own retention rules, or its type's; without own ones only the type's change is reported."""
    if before.declared.retention or after.declared.retention:
        yield from comparing.retention(
            before.declared.retention or type_retention(old, before.type_name),
            after.declared.retention or type_retention(new, after.type_name),
        )


def type_retention(facts: Facts, name: str) -> str | None:
    """Return the retention rule on a type itself."""
    return declaration(facts.sdl.types[name].applied).retention


def _types(old: Facts, new: Facts) -> Iterator[SchemaChange]:
    """Compare the retention of types, and find new paths: interfaces or unions that now include personal data."""
    for name, type_ in new.sdl.types.items():
        if name in old.sdl.types:
            for kind, value in comparing.retention(type_retention(old, name), type_retention(new, name)):
                yield SchemaChange(kind, name, value, type_.place)
    for name, types in new.structure.possible.items():
        before = old.structure.possible.get(name, ())
        for type_name in types:
            # Only interfaces and unions of both schemas: new ones are listed with their fields.
            if name in old.sdl.types and type_name not in before and type_name in new.structure.governed:
                yield SchemaChange(ChangeKind.PATH_ADDED, name, type_name, new.sdl.types[name].place)


def _words(old: Facts, new: Facts) -> Iterator[SchemaChange]:
    """Compare the policy's catalogues as each schema prints them."""
    before, after = Vocabulary.of_schema_alone(old.sdl), Vocabulary.of_schema_alone(new.sdl)
    for enum in CATALOGUES:
        # Another team's schema may have no catalogues of its own.
        if not before.names[enum] or not after.names[enum]:
            continue
        for name, text in after.names[enum].items():
            place = word_place(new.sdl, enum, name)
            if name not in before.names[enum]:
                yield SchemaChange(ChangeKind.WORD_ADDED, f"{enum}.{name}", text, place)
            elif text != before.names[enum][name]:
                yield SchemaChange(
                    ChangeKind.MEANING_CHANGED, f"{enum}.{name}", f"“{before.names[enum][name]}” -> “{text}”", place
                )
        for name, text in before.names[enum].items():
            if name not in after.names[enum]:
                yield SchemaChange(ChangeKind.WORD_REMOVED, f"{enum}.{name}", text, word_place(old.sdl, enum, name))
