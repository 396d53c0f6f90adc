"""Parses the purpose directives on one field, argument, input field or type, without interpreting the names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from audits.schema.places import SourcePosition
from audits.schema.sdl import Applied

PERSONAL_DATA, PURPOSE, RETENTION = "personalData", "purpose", "retention"
DISCLOSED_TO, REQUIRES_SCOPES, PUBLIC = "disclosedTo", "requiresScopes", "public"
OURS = (PERSONAL_DATA, PURPOSE, RETENTION, DISCLOSED_TO, REQUIRES_SCOPES, PUBLIC)
"""The directives that audits read; all others are ignored."""

Scopes = frozenset[frozenset[str]]
"""Alternatives, each a set of scopes that are all needed; empty: no scope is needed."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One `@purpose`: these names, always or under a condition."""

    purposes: tuple[str, ...]
    when: str | None
    place: SourcePosition


@dataclass(frozen=True, slots=True)
class Malformed:
    """A malformed directive, which has no effect."""

    message: str
    place: SourcePosition


@dataclass(frozen=True, slots=True)
class FieldDeclaration:
    """The declaration of one coordinate. Names are as written; the lint checks whether the policy knows them."""

    category: str | None = None
    sources: tuple[str, ...] = ()
    """The columns that hold it, as `table.column`: one, or those of which an object is made."""
    allowed: tuple[Allowed, ...] = ()
    retention: str | None = None
    recipients: tuple[str, ...] = ()
    scopes: Scopes = frozenset()
    public: str | None = None
    """The reason in `@public` why it needs no purpose; None without the directive."""
    malformed: tuple[Malformed, ...] = ()

    @property
    def source(self) -> str | None:
        """The columns in one text; None if it names none."""
        return ", ".join(self.sources) or None

    @property
    def governs(self) -> bool:
        """True if a category, a purpose or a scope restricts its use."""
        return self.category is not None or bool(self.allowed) or bool(self.scopes)


def declaration(applied: Iterable[Applied]) -> FieldDeclaration:
    """Merge directives into one declaration."""
    reading = _Reading()
    for each in applied:
        if each.name in OURS:
            reading.read(each)
    return reading.done()


def narrowed(type_: FieldDeclaration, own: FieldDeclaration) -> FieldDeclaration:
    """Return the declaration of a field by its type's and its own: the type's counts where the field says nothing, and
    a field may only narrow it."""
    return replace(
        own,
        category=own.category or type_.category,
        allowed=_both_allow(type_.allowed, own.allowed),
        recipients=tuple(each for each in own.recipients if each in type_.recipients or not type_.recipients)
        or (() if own.recipients else type_.recipients),
        # What is public is so only where nothing restricts it.
        public=own.public or (None if own.governs or type_.governs else type_.public),
    )


def _both_allow(type_: tuple[Allowed, ...], own: tuple[Allowed, ...]) -> tuple[Allowed, ...]:
    """Return what both allow, under the conditions of both; of two different conditions neither can be dropped, so
    that nothing is allowed."""
    if not type_ or not own:
        return type_ or own
    found = []
    for each in own:
        for other in type_:
            names = tuple(name for name in each.purposes if name in other.purposes)
            if names and (each.when == other.when or None in (each.when, other.when)):
                found.append(Allowed(names, each.when or other.when, each.place))
    # Without anything in common it stays bound, to no purpose at all.
    return tuple(found) or (Allowed((), None, own[0].place),)


class _Reading:
    def __init__(self) -> None:
        self.said: dict[str, Any] = {}
        self.allowed: list[Allowed] = []
        self.malformed: list[Malformed] = []

    def read(self, applied: Applied) -> None:
        """Process one directive."""
        if applied.name == PURPOSE:
            self.purpose(applied)
        elif applied.name in self.said:
            # Only @purpose is repeatable; of two others nobody could tell which one applies.
            self.wrong(applied, f"@{applied.name} stands here twice: write it once.")
        else:
            getattr(self, "_" + applied.name)(applied)

    def purpose(self, applied: Applied) -> None:
        names = _names(applied.arguments.get("allows"))
        when = applied.arguments.get("when")
        if not names:
            self.wrong(applied, "@purpose names no purposes: write @purpose(allows: [INVOICING, …]).")
        elif when is not None and not isinstance(when, str):
            self.wrong(applied, "@purpose(when:) takes the name of one condition.")
        else:
            self.allowed.append(Allowed(names, when, applied.place))

    def _personalData(self, applied: Applied) -> None:  # noqa: N802 (the directive's own name)
        category, source = applied.arguments.get("category"), applied.arguments.get("source")
        if isinstance(category, str) and category:
            self.said[PERSONAL_DATA] = (category, (source,) if isinstance(source, str) else _names(source))
        else:
            self.wrong(applied, "@personalData names no category: write @personalData(category: EMAIL).")

    def _retention(self, applied: Applied) -> None:
        rule = applied.arguments.get("rule")
        if isinstance(rule, str) and rule:
            self.said[RETENTION] = rule
        else:
            self.wrong(applied, "@retention names no rule: write @retention(rule: CUSTOMER_LIFE).")

    def _disclosedTo(self, applied: Applied) -> None:  # noqa: N802 (the directive's own name)
        if names := _names(applied.arguments.get("recipients")):
            self.said[DISCLOSED_TO] = names
        else:
            self.wrong(applied, "@disclosedTo names no recipients: write @disclosedTo(recipients: [REGISTRY]).")

    def _requiresScopes(self, applied: Applied) -> None:  # noqa: N802 (the directive's own name)
        given = applied.arguments.get("scopes")
        groups = [_names(each) for each in given] if isinstance(given, list) else []
        if groups and all(groups):
            self.said[REQUIRES_SCOPES] = frozenset(frozenset(each) for each in groups)
        else:
            self.wrong(applied, '@requiresScopes needs lists of scopes, none empty: write scopes: [["audit:read"]].')

    def _public(self, applied: Applied) -> None:
        why = applied.arguments.get("why")
        if isinstance(why, str) and why.strip():
            self.said[PUBLIC] = why.strip()
        else:
            self.wrong(applied, '@public says no reason: write @public(why: "the version of the server").')

    def wrong(self, applied: Applied, message: str) -> None:
        self.malformed.append(Malformed(message, applied.place))

    def done(self) -> FieldDeclaration:
        category, sources = self.said.get(PERSONAL_DATA, (None, ()))
        return FieldDeclaration(
            category,
            sources,
            tuple(self.allowed),
            self.said.get(RETENTION),
            self.said.get(DISCLOSED_TO, ()),
            self.said.get(REQUIRES_SCOPES, frozenset()),
            self.said.get(PUBLIC),
            tuple(self.malformed),
        )


def _names(given: Any) -> tuple[str, ...]:
    """Return a list of names; a single one is coerced to a list, as in GraphQL. Empty for anything else."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        return ()
    return tuple(listed)
