"""Which response keys a document has used where, so that fields of the same key always merge (GraphQL §5.3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

Path = tuple[str, ...]
"""Response keys from the root down: selections at the same path end in the same object of the answer."""


@dataclass(frozen=True)
class Use:
    """One field under one key: on an object type or, when `parent` is None, on an interface."""

    key: str
    field: str
    """Name and arguments as they are written."""
    type: str
    parent: str | None

    def merges(self, other: Use) -> bool:
        """Whether both may stand under one key: the same field, or fields of one shape that never meet."""
        if self.type != other.type:
            return False
        apart = self.parent is not None and other.parent is not None and self.parent != other.parent
        return apart or self.field == other.field


@dataclass
class Scopes:
    """Every use of the document by its path; a fragment's uses are noted, to be repeated where it is spread again."""

    uses: dict[Path, dict[str, list[Use]]] = field(default_factory=dict)
    _noting: list[list[tuple[Path, Use]]] = field(default_factory=list)

    def fits(self, path: Path, use: Use) -> bool:
        """Whether the use would merge with all that is there."""
        return all(use.merges(other) for other in self.uses.get(path, {}).get(use.key, ()))

    def add(self, path: Path, use: Use) -> None:
        """Remember it."""
        self.uses.setdefault(path, {}).setdefault(use.key, []).append(use)
        for noted in self._noting:
            noted.append((path, use))

    def at(self, path: Path) -> Iterator[Use]:
        """What is used at a path."""
        for uses in self.uses.get(path, {}).values():
            yield from uses

    def begin(self) -> None:
        """Note what follows: a fragment begins."""
        self._noting.append([])

    def end(self, path: Path) -> list[tuple[Path, Use]]:
        """What was noted since `begin`, with paths from the fragment's own place."""
        return [(used[len(path) :], use) for used, use in self._noting.pop()]

    def repeat(self, path: Path, uses: list[tuple[Path, Use]]) -> bool:
        """Spread a fragment at another path too; False, and nothing done, when it would not merge there."""
        if not all(self.fits(path + below, use) for below, use in uses):
            return False
        for below, use in uses:
            self.add(path + below, use)
        return True
