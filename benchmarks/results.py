"""What was measured, kept section by section, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson


class Results:
    """The file of one run; `effort` and sizes of another run are not mixed in."""

    def __init__(self, path: Path, run: dict[str, Any], resume: bool) -> None:
        self._path = path
        kept = orjson.loads(path.read_bytes()) if path.exists() else {}
        self.content: dict[str, Any] = kept if resume and kept.get("run") == run else {"run": run, "sections": {}}

    @classmethod
    def kept(cls, path: Path) -> dict[str, Any] | None:
        """The content of the last run, or None when there was none."""
        return orjson.loads(path.read_bytes()) if path.exists() else None

    def has(self, section: str) -> bool:
        """Whether this section is done."""
        return section in self.content["sections"]

    def note(self, name: str, value: Any) -> None:
        """Keep a fact beside the sections."""
        self.content[name] = value
        self._save()

    def keep(self, section: str, found: Any) -> None:
        """Keep what a section found, at once."""
        self.content["sections"][section] = found
        self._save()

    def _save(self) -> None:
        unfinished = self._path.with_suffix(".unfinished")
        unfinished.write_bytes(orjson.dumps(self.content, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
        unfinished.replace(self._path)
