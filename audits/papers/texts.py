"""The texts of the notice in English and French: the policy's own sentences, and the prose around them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from policy.french import translation
from policy.rows import Row


# The files belong to the package, so reading each of them once is enough.
@cache
def _catalogue(language: str) -> Mapping[str, Any]:
    return tomllib.loads(files("audits").joinpath(f"data/{language}.toml").read_text("utf-8"))


@dataclass(slots=True)
class NoticeTexts:
    """The texts in one language. English sentences of a row are the policy's; French ones are in data/fr.toml, by name.

    A row without one there is told as `policy.french` has it, and else in English and named in `untranslated`: a new
    purpose shows at once.
    """

    language: str
    untranslated: set[str] = field(default_factory=set)

    def of(self, row: Row, column: str = "text") -> str:
        """Return a sentence of a row: its text, or another column; empty if the column is None."""
        said = getattr(row, column)
        if said is None or self.language == "en":
            return str(said or "")
        name = type(row).__name__
        found = translation(row, self.language) if column == "text" else None
        return self._translated(f"{name}.{row.name}.{column}", str(said), name, row.name, column, fallback=found)

    def rule(self, source: str) -> str:
        """Return a hard rule in words, without its numbers: `R14: a telephone number is …`."""
        numbers, _, words = source.partition(": ")
        if self.language != "en":
            words = self._translated(f"rule {numbers}", words, "rules", numbers)
        return words[:1].upper() + words[1:] + "."

    def prose(self, key: str, **values: object) -> str:
        """Return a sentence of the notice itself; KeyError when the language lacks it."""
        return str(self._prose(key)).format(**values)

    def items(self, key: str, **values: object) -> tuple[str, ...]:
        """Return several sentences of the notice itself."""
        return tuple(str(each).format(**values) for each in self._prose(key))

    def _prose(self, key: str) -> Any:
        found: Any = _catalogue(self.language)["prose"]
        for part in key.split("."):
            found = found[part]
        return found

    def word(self, name: str) -> str:
        """Return the word for a name from code, such as a platform; the name itself if there is none."""
        return str(_catalogue(self.language)["words"].get(name, name))

    def period(self, text: str) -> str:
        """Return an ISO 8601 period of one unit in words: P30D is 30 days, PT72H 72 hours."""
        # Strips both letters in any number, since P30D and PT72H have one unit only.
        number, unit = text.lstrip("PT")[:-1], text[-1]
        return f"{number} {self.word(f'unit_{unit}')}"

    def listed(self, names: Sequence[str]) -> str:
        """Return several words as an enumeration: one, two and three."""
        words = [self.word(each) for each in names]
        return f" {self.word('and')} ".join(filter(None, (", ".join(words[:-1]), words[-1])))

    def _translated(self, what: str, english: str, *path: str, fallback: str | None = None) -> str:
        found: Any = _catalogue(self.language)
        for part in path:
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        if isinstance(found, str) and found:
            return found
        if fallback is not None:
            return fallback
        self.untranslated.add(what)
        return english
