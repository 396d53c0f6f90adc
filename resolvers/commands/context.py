"""What a command is given, and what it answers: changed rows, or problems that the caller can mend."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from messages.message import Text
from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.commands.dependencies import SignInDependencies
from store.database.store import Store


@dataclass(frozen=True, slots=True)
class Behalf:
    """That an operator writes down what a customer asked for by another way, such as a letter or at a counter."""

    by: str
    """The code of `gateway staff`, or the pseudonym of whoever was signed in."""
    because: str
    """How it was asked for, and by what the customer was known; without personal data."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Where a command works: the store, who asks and why, and the moment of the request."""

    store: Store
    grant: Grant
    purpose: Purpose | None
    reference: str | None
    now: datetime
    means: SignInDependencies
    """What commands about signing in need beside the store."""
    language: str = "en"
    """In which problems are told."""
    key: str | None = None
    """By which the caller marks the request, so that it is carried out once."""
    behalf: Behalf | None = None
    """Who acts for the customer; None: they do it themselves."""

    @property
    def subject(self) -> int:
        """The customer whom the token is bound to; LookupError for a tool's token."""
        if self.grant.subject is None:
            raise LookupError("the token is bound to no customer")
        return self.grant.subject


@dataclass(frozen=True, slots=True)
class UserProblem:
    """Something in the input that the caller can mend. Holds no value."""

    code: str
    """Stable, in capitals: what programs act on."""
    message: Text
    """Translated where it is shown."""
    field: tuple[str, ...] = ()
    """The path into the input, as the caller wrote it."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command: either it was done whole, or nothing was and the problems say why."""

    affected: Mapping[str, int] = field(default_factory=dict)
    """The primary keys of the rows to show in the payload, by the name of the payload's field."""
    problems: tuple[UserProblem, ...] = ()
    disclosed: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """What of which domain the command has recorded as disclosed, by coordinate: showing it discloses it no more."""

    repeatable: ClassVar[bool] = True
    """Whether a repeated request may be shown the same; not so where a secret is shown beside the rows."""


Run = Callable[[CommandContext, Mapping[str, Any]], Awaitable[Result]]
"""A command: the desk, and the input as GraphQL coerced it: keys as the schema writes them, what is left out absent."""
