"""The context of a command, and its result: the changed rows, or problems that the caller can correct."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from messages.message import Text
from policy.grant import Grant
from policy.purposes import Purpose
from policy.user_error_codes import UserErrorCode
from resolvers.commands.dependencies import SignInDependencies
from store.database.store import Store

CODES = frozenset(UserErrorCode.__members__)


@dataclass(frozen=True, slots=True)
class Behalf:
    """An operator acts for a customer who asked in another way, such as by letter."""

    by: str
    """The staff code (`gateway staff`), or the pseudonym of the operating system user."""
    because: str
    """The way of the request and of the identification, without personal data."""
    request: int | None = None
    """The row of the register of requests that it is about; None: a new one."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """The context of a command: the store, the caller's grant and purpose, and the time of the request."""

    store: Store
    grant: Grant
    purpose: Purpose | None
    reference: str | None
    now: datetime
    dependencies: SignInDependencies
    """Dependencies of sign-in commands, beside the store."""
    language: str | None = None
    """The language that the request prefers; None: the customer's own (`resolvers.commands.language`)."""
    key: str | None = None
    """The caller's idempotency key; None if the request has none."""
    behalf: Behalf | None = None
    """The operator who acts for the customer; None if the customer acts."""

    @property
    def subject(self) -> int:
        """The key of the customer that the token is bound to; LookupError for a tool's token."""
        if self.grant.subject is None:
            raise LookupError("the token is bound to no customer")
        return self.grant.subject


@dataclass(frozen=True, slots=True)
class UserProblem:
    """A problem of the input that the caller can correct. It contains no value."""

    code: str
    """The name of a `UserErrorCode`."""
    message: Text
    """Translated where it is shown."""
    field: tuple[str, ...] = ()
    """The path into the input, in GraphQL names, the outermost first; empty if it is about no single field."""

    def __post_init__(self) -> None:
        """Refuse a code that nobody could look up."""
        if self.code not in CODES:
            raise ValueError(f"{self.code} is not in UserErrorCode")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a command: it was executed completely, or nothing was, and there are problems.

    With CONFLICT it has the present rows beside the problem, so that the caller can merge.
    """

    affected: Mapping[str, int] = field(default_factory=dict)
    """Primary keys of the rows to return, by payload field."""
    problems: tuple[UserProblem, ...] = ()
    disclosed: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Coordinates by domain that the command has recorded as disclosed, so that returning them is not recorded
    again."""

    replayed: bool = False
    """True if the command was carried out by an earlier request with the same idempotency key."""

    repeatable: ClassVar[bool] = True
    """False if the result has secrets that are returned once: a repeated request does not get them again."""
    asks_another_party: ClassVar[bool] = False
    """True if the command asks another party between a first transaction and its last one."""


Run = Callable[[CommandContext, Mapping[str, Any]], Awaitable[Result]]
"""A command: takes the context and the coerced input, with GraphQL names as keys and without omitted fields."""
