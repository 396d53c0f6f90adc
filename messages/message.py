"""A message before it is shown: its English sentence, which is its id, and what is put into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """A sentence with `{name}` for what is put in, translated where it is shown (`messages.catalogue.translate`).

    The English sentence is the id, as gettext has it; `context` tells apart what English writes alike and other
    languages do not. With `plural` and `count` the language's own rule chooses the form; `{count}` is put in. What is
    put in may be a message, too, or several. As a string it is English.
    """

    id: str
    plural: str | None
    context: str | None
    parameters: Mapping[str, Any] = field(repr=False, hash=False)
    """Not printed: they may be personal."""

    def __init__(
        self, id_: str, /, plural: str | None = None, context: str | None = None, **parameters: object
    ) -> None:
        if plural is not None and not isinstance(parameters.get("count"), int):
            raise TypeError("a plural form needs a count")
        for name, value in (("id", id_), ("plural", plural), ("context", context)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "parameters", MappingProxyType(parameters))

    @property
    def count(self) -> int:
        """The count that chooses the plural form."""
        return int(self.parameters["count"])

    def __str__(self) -> str:
        """In English."""
        return fill(self.id if self.plural is None or self.count == 1 else self.plural, self.shown(str))

    def shown(self, render: Callable[[Message], str]) -> dict[str, object]:
        """A parameter as text: its own messages are translated, several of them separated by commas."""
        return {name: _shown(value, render) for name, value in self.parameters.items()}


Text = Message | str
"""A translatable text: a string is a message without parameters."""


def fill(text: str, parameters: Mapping[str, object]) -> str:
    """The text with its `{name}`s put in; KeyError for one that is not given. Without parameters braces stay."""
    return text.format_map(parameters) if parameters else text


def marked(text: str) -> str:
    """The text as it is: what it marks is a message, and is found by the extraction (gettext's `N_`)."""
    return text


def _shown(value: object, render: Callable[[Message], str]) -> object:
    if isinstance(value, tuple):
        return ", ".join(str(_shown(each, render)) for each in value)
    return render(value) if isinstance(value, Message) else value
