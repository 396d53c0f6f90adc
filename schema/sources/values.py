"""Fields of what is no row: attributes of the gateway's own objects, computed values, reports, the caller's grant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import get_nullable_type, is_list_type

from schema.core.returning import returns_value
from schema.core.source import Home, Source
from schema.execution.bindings import size_of
from schema.execution.compiling import AtRoot, Compiler
from schema.execution.costs import Charged, Rows
from schema.execution.plans import PlannedField, Selection
from schema.execution.shapes import NotCoveredError, display, known_value
from schema.execution.standard import Info, Resolved, Resolver
from schema.execution.views import ConnectionView, GrantView
from schema.sources.columns import OfRow

Work = Callable[..., Awaitable[Any]]
"""A resolver function: takes the ResolverContext, the parent value and the arguments by name."""


class OfObject(Resolved):
    """A source that stands in an object of the gateway's own, never in a row."""

    __slots__ = ()

    def misplaced(self, home: Home) -> str | None:
        """It stands in objects with attributes alone."""
        return None if home.attributes else "shows an attribute, which a row or a part of one does not have"

    def reads_rows(self, returns_rows: bool) -> bool:
        """False: what its object holds was read by another field."""
        return False


@dataclass(frozen=True, slots=True)
class Attribute(OfObject):
    """An attribute of a value that the executor itself makes: connection, edge, page information, grant, payload."""

    attributed: ClassVar[bool] = True

    name: str
    present: bool = False
    """It is never None, although the field is nullable, so that it can be withheld."""

    @property
    def always(self) -> bool:
        """As declared."""
        return self.present

    def resolver(self) -> Resolver:
        """Read the attribute."""
        return lambda value, info: getattr(value, self.name)


@dataclass(frozen=True, slots=True)
class ReportFact(OfObject):
    """A report's value of the field's own name: the keys of its JSON form are the schema's names."""

    def resolver(self) -> Resolver:
        """Read the value of the field's name."""
        return lambda report, info: report[info.field_name]


class ReportWord(ReportFact):
    """A word of a closed list, which the report has in lower case with hyphens, as a member of its enum."""

    def resolver(self) -> Resolver:
        """Read the value of the field's name, as the name of the member."""
        return lambda report, info: report[info.field_name].upper().replace("-", "_")


class OfNoRow(Source):
    """A source that reads no rows by itself; its value may still stand for some."""

    __slots__ = ()

    def reads_rows(self, returns_rows: bool) -> bool:
        """True if the field's type stands for rows."""
        return returns_rows


@dataclass(frozen=True, slots=True)
class GrantFacts(OfNoRow, Resolved, AtRoot):
    """The permissions of the caller's token; no customer data."""

    def resolver(self) -> Resolver:
        """The view of the grant."""
        return lambda root, info: GrantView(info.context.grant, info.context.operation_context)

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """A dict display of attributes of the view."""
        n = compiler.out.number()
        compiler.out.add(f"grant{n} = view(grant, context)")
        return attributes(f"grant{n}", planned.only)


def attributes(whole: str, selection: Selection) -> str:
    """A dict display of attributes of an object, given its expression."""
    return display((key, _attribute(each, selection.type_name, whole)) for key, each in selection.fields.items())


def _attribute(planned: PlannedField, type_name: str, whole: str) -> str:
    if (known := known_value(planned, type_name)) is not None:
        return known
    source = planned.facts.source
    if not isinstance(source, Attribute):
        raise NotCoveredError(planned.facts.coordinate)
    value = f"{whole}.{source.name}"
    if not planned.selections:
        return value
    if is_list_type(get_nullable_type(planned.facts.core.type)):
        return f"[{attributes('one', planned.only)} for one in {value}]"
    return attributes(value, planned.only)


@dataclass(frozen=True, slots=True)
class Computed(OfNoRow, Charged, OfRow):
    """A value computed by a function, not read from a customer's row; for example from the ledger.

    On a row it is computed for the rows that were read, under the conditions of all selected fields.
    """

    run: Work

    @property
    def always(self) -> bool:
        """True for a function that returns no None."""
        return returns_value(self.run)

    def rows(self, planned: PlannedField) -> Rows:
        """One; a computed connection, such as `Customer.accesses`, reads pages like any other."""
        return size_of(planned) if "first" in planned.facts.core.args else 1

    def resolver(self) -> Resolver:
        """Call the function, and count what it found."""

        async def resolve(value: Any, info: Info, **arguments: Any) -> Any:
            found = await self.run(info.context, value, arguments)
            # What is computed of many entries, such as those of the ledger, counts like rows.
            entries = (
                found.edges if isinstance(found, ConnectionView) else found if isinstance(found, list) else (found,)
            )
            info.context.operation_context.meter.count(len(entries))
            return found

        return resolve
