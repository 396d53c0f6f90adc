"""Counts what one task has sent to be committed, so that a failed command can say whether it changed anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Commits:
    """How many commits were sent since the block began."""

    sent: int = 0


_counted: ContextVar[Commits | None] = ContextVar("commits", default=None)


@contextmanager
def counted() -> Iterator[Commits]:
    """Count the commits that this task, and the tasks that it starts, send while the block runs."""
    commits = Commits()
    token = _counted.set(commits)
    try:
        yield commits
    finally:
        _counted.reset(token)


def sent() -> None:
    """A transaction, or an entry of the ledger, is about to be committed: from here on its outcome may be unknown."""
    commits = _counted.get()
    if commits is not None:
        commits.sent += 1


def rolled_back() -> None:
    """The database has said that the last commit did not take place."""
    commits = _counted.get()
    if commits is not None:
        commits.sent -= 1
