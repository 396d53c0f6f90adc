"""The words of the notice in one language: the policy's own sentences, and the prose around them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from messages import dates
from messages.addressed import RULES, to_you
from messages.catalogue import SOURCE, translate, translated
from messages.message import Message
from messages.policy_rows import rule_words
from policy.rows import Row


# The files belong to the package, so reading each of them once is enough.
@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("audits").joinpath("data/words.toml").read_text("utf-8"))


@dataclass(slots=True)
class NoticeTexts:
    """One language. Sentences of a row are the policy's, the prose is that of data/words.toml; both are translated.

    A row without a translation is told in English, and named in `untranslated`: a new purpose shows at once.
    """

    language: str
    untranslated: set[str] = field(default_factory=set)
    addressed: bool = True
    """Whether the person concerned reads it, and is told in the second person."""

    def of(self, row: Row, column: str = "text") -> str:
        """Return a sentence of a row: its text, or another column; empty if the column is None."""
        said = to_you(row) if column == "text" and self.addressed else getattr(row, column)
        return self._translated(f"{type(row).__name__}.{row.name}.{column}", str(said)) if said else ""

    def rule(self, source: str) -> str:
        """A hard rule in words, its numbers left out: `R14: a telephone number is …`."""
        words = self._translated(f"rule {source.partition(': ')[0]}", RULES.get(rule_words(source), rule_words(source)))
        return words[:1].upper() + words[1:] + "."

    def prose(self, key: str, **values: object) -> str:
        """A sentence of the notice itself; KeyError when there is none."""
        return translate(Message(self._prose(key), None, None, **values), self.language)

    def items(self, key: str, **values: object) -> tuple[str, ...]:
        """Several sentences of the notice itself."""
        return tuple(translate(Message(each, None, None, **values), self.language) for each in self._prose(key))

    def _prose(self, key: str) -> Any:
        found: Any = _table()["prose"]
        for part in key.split("."):
            found = found[part]
        return found

    def word(self, name: str) -> str:
        """A word for a name out of a program, such as a platform; the name itself where there is none."""
        return translate(str(_table()["words"].get(name, name)), self.language)

    def period(self, text: str) -> str:
        """An ISO 8601 period of one unit in words: P30D is 30 days, PT72H 72 hours."""
        count, unit = int(text.lstrip("PT")[:-1]), _table()["words"]["unit"][text[-1]]
        return translate(Message(unit["one"], unit["other"], count=count), self.language)

    def listed(self, names: Sequence[str]) -> str:
        """Several words in a row: one, two and three."""
        return dates.listed([self.word(each) for each in names], self.language)

    def _translated(self, what: str, english: str) -> str:
        found = translated(english, self.language)
        if found is None and self.language != SOURCE:
            self.untranslated.add(what)
        return found or english
