"""A table of messages by short names, for code and templates that choose a sentence by its name."""

from __future__ import annotations

from collections.abc import Mapping

from messages.catalogue import translate
from messages.message import Message


class Words:
    """English sentences by name; two of them where a count chooses, for one and for any other number; a
    message where its id needs a context."""

    def __init__(self, texts: Mapping[str, str | tuple[str, str] | Message]) -> None:
        self.texts = dict(texts)

    def __contains__(self, name: object) -> bool:
        return name in self.texts

    def message(self, name: str, **parameters: object) -> Message:
        """The message of a name; KeyError for one that nobody wrote. `count` chooses among two sentences."""
        text = self.texts[name]
        if isinstance(text, Message):
            return Message(text.id, text.plural, text.context, **parameters)
        one, many = (text, None) if isinstance(text, str) else text
        return Message(one, many, None, **parameters)

    def all(self, language: str) -> dict[str, str]:
        """The sentences that no count chooses, in a language and by name, before anything is put in."""
        return {name: self.say(language, name) for name, text in self.texts.items() if not isinstance(text, tuple)}

    def say(self, language: str, name: str, **parameters: object) -> str:
        """The sentence of a name in a language."""
        return translate(self.message(name, **parameters), language)
