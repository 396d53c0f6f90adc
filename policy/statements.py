"""The checks of what a schema states of its fields: one set, for a built schema and for the text of one (R1, G9)."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from typing import Protocol

from policy.rows import Row

Word = Row | str
"""A row of the policy; a text may also name what the policy does not know."""
Breach = tuple[str, str]
"""The name of a check (`audits.schema.checks`), and what is wrong: a sentence without its subject, the coordinate."""


class Allowing(Protocol):
    """Purposes that may read a coordinate, always or under one condition."""

    @property
    def purposes(self) -> Collection[Word]:
        """The purposes."""

    @property
    def when(self) -> Word | None:
        """The condition; None: always."""


class Stated(Protocol):
    """The statement of one field, argument or input field: a `Rule`, or what a text says."""

    @property
    def category(self) -> Word | None:
        """The category; None: no personal data."""

    @property
    def allowances(self) -> Sequence[Allowing]:
        """The purposes that may read it."""

    @property
    def retention(self) -> object:
        """The rule of retention; something empty if none is named."""

    @property
    def scopes(self) -> Collection[Set[str]]:
        """Alternatives of scopes."""

    @property
    def terms(self) -> object:
        """All that an object type has to repeat of its interface."""


def unfinished(stated: Stated) -> Iterator[Breach]:
    """Yield what the statement lacks; nothing when it is complete.

    An empty list of checks is never a grant: an allowance without purposes and an alternative without scopes are gaps,
    and so is a purpose named twice, of which nobody could say which condition holds.
    """
    personal = stated.category is not None
    if personal and not stated.allowances:
        yield "NO_PURPOSE", "names no purposes"
    if any(not allowance.purposes for allowance in stated.allowances):
        yield "MALFORMED", "names no purposes in one of its allowances"
    if personal and not stated.retention:
        yield "NO_RETENTION", "names no retention"
    if any(not needed for needed in stated.scopes):
        yield "MALFORMED", "names no scopes in one of its alternatives"
    for purpose in twice(stated.allowances):
        yield "PURPOSE_TWICE", f"names no single condition for {purpose}"


def twice(allowances: Iterable[Allowing]) -> list[str]:
    """Return the purposes that are named more than once, in alphabetical order."""
    times = Counter(_name(purpose) for each in allowances for purpose in each.purposes)
    return sorted(name for name, count in times.items() if count > 1)


def never_null(stated: Stated, non_null: bool, identifies: bool) -> Iterator[Breach]:
    """Yield a breach for personal data that is promised never to be null.

    The id of an object is the exception: without it a row cannot be pointed at, and its rule protects the row.
    """
    if stated.category is not None and non_null and not identifies:
        yield "NOT_NULLABLE", "is personal data and must be nullable, or withholding it would take its parent"


def of_column(stated: Stated, column: str, holds: Row | None, output: bool) -> Iterator[Breach]:
    """Yield what is wrong with a statement about a column; `holds`: its category, `output`: it may be shown here."""
    if not output:
        yield "SECRET_COLUMN", f"shows {column}, which no API may give out"
    if holds is not None and (stated.category is None or _name(stated.category) != holds.name):
        said = "not personal" if stated.category is None else _name(stated.category)
        yield "COLUMN_DISAGREES", f"calls {column} {said}, which holds {holds.name}"


def unrepeated(promised: Stated, own: Stated | None, of: str) -> Iterator[Breach]:
    """Yield a breach if an object type's statement is not its interface's, whose coordinate is `of`."""
    if own is None or own.terms != promised.terms:
        yield "INTERFACE_DISAGREES", f"does not repeat the purposes of {of}"


def circular(inside: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Yield each name that leads back to itself; `inside` has what each name leads to."""
    for start in inside:
        reached, waiting = set[str](), [start]
        while waiting:
            new = set(inside.get(waiting.pop(), ())) - reached
            reached |= new
            waiting += new
        if start in reached:
            yield start


def _name(word: Word) -> str:
    return word if isinstance(word, str) else word.name
