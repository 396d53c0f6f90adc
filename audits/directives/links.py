"""The local names of the purpose directives: what a schema imports, renames or prefixes by `@link` (link v1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PURPOSE_SPEC: Final = "https://specs.example.org/purpose"
"""The identity of docs/spec/purpose-directives.md; a schema links it with a version, such as `/v1.0`."""
MAJOR, MINOR = 1, 0
"""The newest version that the audits read; they read every earlier one of the same major version."""
FEDERATION: Final = "https://specs.apollo.dev/federation"
LINK: Final = "https://specs.apollo.dev/link"

DIRECTIVES: Final = frozenset({"personalData", "purpose", "retention", "disclosedTo", "public"})
DEFINITIONS: Final = frozenset(
    {"definePurpose", "defineCategory", "defineCondition", "defineRecipient", "defineRetention"}
)
WORDS: Final = ("Purpose", "DataCategory", "Condition", "Recipient", "RetentionRule")
"""The types of the specification: scalars, or a schema's own enums of these names."""
OF_FEDERATION: Final = frozenset({"requiresScopes"})
NOT_LINKED: Final = "not-linked:"
"""Before the name of a directive that looks like one of a linked specification and is not imported."""


@dataclass(frozen=True, slots=True)
class LinkError:
    """A `@link` that cannot be read."""

    message: str
    number: int
    """The number of the directive among those of the schema."""


@dataclass(slots=True)
class LinkedNames:
    """The meaning of each name of a schema; without links every name means itself."""

    directives: dict[str, str] = field(default_factory=dict)
    """The specification's directive for each local name."""
    types: dict[str, str] = field(default_factory=dict)
    """The local name of each type of the specification."""
    claimed: set[str] = field(default_factory=set)
    """The directives of linked specifications: elsewhere than under their local names they are somebody else's."""
    errors: list[LinkError] = field(default_factory=list)

    def directive(self, written: str) -> str:
        """Return the specification's name of a directive; one that only looks like it is marked."""
        if written in self.directives:
            return self.directives[written]
        return NOT_LINKED + written if written in self.claimed else written

    def type(self, name: str) -> str:
        """Return the local name of a type of the specification."""
        return self.types.get(name, name)


def read_links(applied: Iterable[tuple[str, Mapping[str, Any]]]) -> LinkedNames:
    """Read the directives of a schema definition and its extensions: their names and arguments."""
    listed = list(applied)
    names = LinkedNames()
    link = next((name for name, given in listed if _is_link(name, given)), "link")
    for number, (name, given) in enumerate(listed):
        url = given.get("url")
        if name != link or not isinstance(url, str):
            continue
        identity, version = _split(url)
        if identity == PURPOSE_SPEC:
            if version is None or version[0] != MAJOR or version[1] > MINOR:
                names.errors.append(LinkError(f"{url}: only v{MAJOR}.0 to v{MAJOR}.{MINOR} can be read.", number))
                names.claimed |= DIRECTIVES | DEFINITIONS
            else:
                _import(names, given, "purpose", DIRECTIVES | DEFINITIONS, number)
        elif identity == FEDERATION:
            _import(names, given, "federation", OF_FEDERATION, number)
    return names


def _is_link(name: str, given: Mapping[str, Any]) -> bool:
    """Return whether this is the link to the link specification itself, which may rename the directive."""
    url = given.get("url")
    return isinstance(url, str) and _split(url)[0] == LINK and name == (given.get("as") or "link")


def _split(url: str) -> tuple[str, tuple[int, int] | None]:
    """Return a specification's identity and version; a query, fragment or slash at the end is no part of either."""
    found = re.fullmatch(r"([^?#]+?)/v(\d+)\.(\d+)/?(?:[?#].*)?", url)
    return (found[1], (int(found[2]), int(found[3]))) if found else (re.split(r"[?#]", url)[0].rstrip("/"), None)


def _import(names: LinkedNames, given: Mapping[str, Any], namespace: str, known: frozenset[str], number: int) -> None:
    """Add the names of one link: first those with its prefix, then those that it imports."""
    prefix = given.get("as") or namespace
    names.claimed |= known
    for each in known:
        # The directive named as the specification itself is the prefix alone.
        names.directives[prefix if each == namespace else f"{prefix}__{each}"] = each
    if namespace == "purpose":
        names.types |= {each: f"{prefix}__{each}" for each in WORDS}
    for item in given.get("import") or ():
        name, local = (item.get("name"), item.get("as")) if isinstance(item, Mapping) else (item, None)
        if not isinstance(name, str) or not isinstance(local, str | None):
            names.errors.append(LinkError("an import is a name, or {name: …, as: …}.", number))
        elif not name.startswith("@"):
            if name in WORDS:
                names.types[name] = local or name
            elif namespace == "purpose":
                names.errors.append(LinkError(f"the specification has no type {name}.", number))
        elif name[1:] in known:
            names.directives[(local or name).removeprefix("@")] = name[1:]
        elif namespace == "purpose":
            names.errors.append(LinkError(f"the specification has no {name}.", number))
