"""Where each coordinate of a schema stands in its text, directives included."""

from __future__ import annotations

from collections.abc import Iterator

from audits.schema.facts import Facts
from audits.schema.places import SourcePosition


def places(facts: Facts) -> dict[str, SourcePosition]:
    """Return the position of every type, field, argument, input field, enum value and directive."""
    return dict(_places(facts))


def _places(facts: Facts) -> Iterator[tuple[str, SourcePosition]]:
    for name in facts.sdl.directives:
        yield f"@{name}", SourcePosition(facts.sdl.name)
    for type_ in facts.sdl.types.values():
        yield type_.name, type_.place
        for value in type_.values.values():
            yield f"{type_.name}.{value.name}", value.place
    for fact in facts.all.values():
        yield fact.coordinate, fact.place
