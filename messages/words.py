"""A table of messages by short names, for code and templates that choose a sentence by its name."""

from __future__ import annotations

from collections.abc import Mapping

from messages.catalogue import translate
from messages.message import Message


class Words:
    """English sentences by name; two of them where a count chooses: the one for one, the one for any other number."""

    def __init__(self, texts: Mapping[str, str | tuple[str, str]]) -> None:
        self.texts = dict(texts)

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def message(self, name: str, **parameters: object) -> Message:
        """The message of a name; KeyError for one that nobody wrote. `count` chooses among two sentences."""
        text = self.texts[name]
        one, many = (text, None) if isinstance(text, str) else text
        return Message(one, many, None, **parameters)

    def say(self, language: str, name: str, **parameters: object) -> str:
        """The sentence of a name in a language."""
        return translate(self.message(name, **parameters), language)
