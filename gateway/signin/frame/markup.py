"""Elements of pages as function calls, made by the macro `element` of `parts.html`: text is escaped there (D7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from markupsafe import Markup

from gateway.http.templates import templates

Child = str | None | Iterable["str | None"]
Attribute = str | int | bool | None


@cache
def parts() -> Any:
    """The macros of `parts.html`."""
    return templates().get_template("parts.html").module


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element. `class_` and `for_` lose their underscore, `data_x` and `aria_x` get a hyphen; an attribute that is
    True stands without a value, one that is None or False is left out."""
    made: Markup = parts().element(name, named(attributes), list(flat(children)))
    return made


def named(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes as HTML names them."""
    return {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}


def joined(*children: Child) -> Markup:
    """Pieces one after the other."""
    return Markup().join(flat(children))


def flat(children: Iterable[Child]) -> Iterator[str]:
    """The pieces themselves, without those that are not there."""
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            yield child
        else:
            yield from flat(child)


__all__ = ["Attribute", "Child", "Markup", "flat", "joined", "named", "parts", "tag"]
