"""Declarations of fields and arguments: the source of the data, its category, purposes and retention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import strawberry
from sqlalchemy import Boolean, Column, Table

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.decision import Allowance
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from resolvers.reads.relations import Relation
from schema.core.declared import DECLARED, Declared
from schema.core.source import Source
from schema.declare.directives import (
    AllowedFor,
    CategoryEnum,
    ConditionEnum,
    DisclosedTo,
    FirstParty,
    PersonalData,
    Public,
    PurposeEnum,
    RecipientEnum,
    RequiresScopes,
    Retention,
    RetentionEnum,
    ThirdParty,
)
from schema.sources.columns import ColumnValue, Embedded, GlobalIdSource, Part
from schema.sources.composed import Composed, Details
from schema.sources.documents import RenderedDocument
from schema.sources.entries import Entry
from schema.sources.relations import Paged, PagedTable, Related
from schema.sources.values import Attribute, Computed, Work
from store.sql.metadata import is_text

Allowed = Purpose | Allowance


def when(condition: Condition, *purposes: Purpose) -> Allowance:
    """An allowance of these purposes for rows on which the condition holds."""
    return Allowance(frozenset(purposes), condition)


def shared(*scopes: AppScope) -> Allowance:
    """An allowance of SELF_SERVICE, also for third-party apps with one of these scopes (O10)."""
    return Allowance(frozenset({Purpose.SELF_SERVICE}), None, frozenset(scopes))


def datum(
    column: Column[Any],
    description: str,
    allows: Iterable[Allowed],
    *,
    read: Callable[[Any], Any] | None = None,
    category: Category | None = None,
    retention: RetentionRule | None = None,
    disclosed_to: Sequence[Recipient] = (),
    deprecated: str | None = None,
    editable_by: Allowed | None = None,
) -> Any:
    """A field that returns a column's value; category and retention are the column's and the table's.

    `category` is for a column without one, such as a time of change: on a person's row it is personal data. ValueError
    if the column has a category already.

    `editable_by` adds a field of the same name to the input of `updateProfile` (R30): `SELF`, or `WRITE_PROFILE` for
    the customer's own apps and those of others. ValueError for a column that does not hold one text which may be empty.
    """
    # SQLite returns booleans as 0 and 1.
    if read is None and isinstance(column.type, Boolean):
        read = bool
    if category is not None and column.info["category"] is not None:
        raise ValueError(f"{column} has a category of its own")
    if editable_by is not None and not (is_text(column) and column.nullable):
        raise ValueError(f"{column} cannot be edited: it does not hold one text that may be empty")
    declared = Declared(
        ColumnValue(column, read),
        category or column.info["category"],
        allowances(allows),
        retention or column.table.info["retention"],
        tuple(disclosed_to),
        editable_by=() if editable_by is None else allowances([editable_by]),
    )
    return declare(declared, description, deprecated, own_retention=retention is not None)


def identity(table: Table, allows: Iterable[Allowed]) -> Any:
    """The global id of a row. The existence of the row is personal data, so the id has purposes too."""
    category = table.c.id.info["category"] or Category.CUSTOMER_ID
    declared = Declared(GlobalIdSource(), category, allowances(allows), table.info["retention"])
    return declare(declared, "The global id: opaque, and accepted by `node(id:)`.")


def embedded(
    column: Column[Any], description: str, allows: Iterable[Allowed], *, disclosed_to: Sequence[Recipient] = ()
) -> Any:
    """A field that returns an object whose parts are sealed together in one column."""
    declared = Declared(
        Embedded(column),
        column.info["category"],
        allowances(allows),
        column.table.info["retention"],
        tuple(disclosed_to),
    )
    return declare(declared, description)


def composed(
    columns: Sequence[Column[Any]],
    make: Callable[..., Any],
    description: str,
    allows: Iterable[Allowed],
    *,
    disclosed_to: Sequence[Recipient] = (),
) -> Any:
    """A field that returns an object made of several columns; ValueError unless they have one category."""
    first = columns[0]
    if any(each.info["category"] is not first.info["category"] for each in columns):
        raise ValueError(f"{', '.join(map(str, columns))} do not have one category")
    declared = Declared(
        Composed(tuple(columns), make),
        first.info["category"],
        allowances(allows),
        first.table.info["retention"],
        tuple(disclosed_to),
    )
    return declare(declared, description)


def detailed(table: Table, description: str, category: Category, allows: Iterable[Allowed]) -> Any:
    """A field that returns an object of other columns of the row (`records.details`), without a statement of its own.

    A purpose needs an allowance here and on the field of the object.
    """
    return declare(Declared(Details(table), category, allowances(allows), table.info["retention"]), description)


def part(
    column: Column[Any],
    name: str,
    description: str,
    allows: Iterable[Allowed],
    *,
    read: Callable[[Any], Any] | None = None,
) -> Any:
    """One part of an embedded object. A purpose needs an allowance here and on the field that embeds the object."""
    parts = column.info["sealing"].parts
    declared = Declared(
        Part(list(parts).index(name), read), parts[name], allowances(allows), column.table.info["retention"]
    )
    return declare(declared, description, own_retention=True)


def together(column: Column[Any], description: str, allows: Iterable[Allowed], read: Callable[[list[Any]], Any]) -> Any:
    """A field computed from all parts of an embedded object; it has the column's category."""
    declared = Declared(Part(None, read), column.info["category"], allowances(allows), column.table.info["retention"])
    return declare(declared, description, own_retention=True)


def related(relation: Relation, description: str, category: Category, allows: Iterable[Allowed]) -> Any:
    """A field that returns rows of another table. It has purposes of its own: the number of rows is personal data."""
    declared = Declared(Related(relation), category, allowances(allows), relation.table.info["retention"])
    return declare(declared, description, own_retention=True)


def paged(relation: Relation, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A connection over related rows; decorates the method that declares its arguments."""
    retention = relation.table.info["retention"]
    return _decorated(Declared(Paged(relation), category, allowances(allows), retention))


def paged_table(table: Table, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A connection over all rows of a table that the purpose may read; decorates the method with its arguments."""
    return _decorated(Declared(PagedTable(table), category, allowances(allows), table.info["retention"]))


def computed(
    run: Work,
    category: Category | None,
    retention: RetentionRule | None,
    allows: Iterable[Allowed],
    why: str | None = None,
) -> Callable[[Any], Any]:
    """A field whose value a function computes. `why` is the reason why it is public, if it is."""
    return _decorated(Declared(Computed(run), category, allowances(allows), retention, public=why))


def entry(source: Entry, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A root field that finds one row; decorates the method that declares its arguments."""
    table = source.leads_to
    retention = RetentionRule.CUSTOMER_LIFE if table is None else table.info["retention"]
    return _decorated(Declared(source, category, allowances(allows), retention))


def rendered(
    source: RenderedDocument, category: Category, allows: Iterable[Allowed], disclosed_to: Sequence[Recipient] = ()
) -> Callable[[Any], Any]:
    """A root field that finds one row and returns it as a document of another standard, such as RDAP."""
    retention = source.leads_to.info["retention"]
    return _decorated(Declared(source, category, allowances(allows), retention, tuple(disclosed_to)))


def public(source: Source | None, description: str, why: str, *, first_party: bool = False) -> Any:
    """A field without personal data; `why` is the reason. `first_party`: not for third-party apps."""
    return declare(Declared(source, public=why, first_party=first_party), description)


def attribute(
    name: str, description: str, category: Category, retention: RetentionRule, allows: Iterable[Allowed]
) -> Any:
    """A field with an attribute of an object that `composed` makes, with a category and purposes of its own."""
    declared = Declared(Attribute(name, present=True), category, allowances(allows), retention)
    return declare(declared, description, own_retention=True)


def searched(category: Category, description: str, allows: Iterable[Allowed], *, name: str | None = None) -> Any:
    """An argument that searches by personal data: it needs purposes like a field, and is not stored."""
    declared = _searching(category, allows)
    return strawberry.argument(
        description=description,
        name=name,
        directives=directives(declared, own_retention=True),
        metadata={DECLARED: declared},
    )


def positioned(description: str, why: str, *, name: str | None = None) -> Any:
    """An argument without personal data; `why` is the reason."""
    declared = Declared(public=why)
    return strawberry.argument(
        description=description, name=name, directives=directives(declared), metadata={DECLARED: declared}
    )


def searched_input(category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """An input field that searches by personal data, like `searched`."""
    declared = _searching(category, allows)
    return strawberry.field(
        default=strawberry.UNSET,
        description=description,
        directives=directives(declared, own_retention=True),
        metadata={DECLARED: declared},
    )


def declare(
    declared: Declared,
    description: str,
    deprecated: str | None = None,
    own_retention: bool = False,
) -> Any:
    """The Strawberry field with the directives that follow from the declaration."""
    return strawberry.field(
        description=description,
        directives=directives(declared, own_retention),
        metadata={DECLARED: declared},
        deprecation_reason=deprecated,
    )


def allowances(allows: Iterable[Allowed]) -> tuple[Allowance, ...]:
    """Gather plain purposes into one allowance, followed by the conditional ones."""
    plain: list[Purpose] = []
    conditional: list[Allowance] = []
    for each in allows:
        if isinstance(each, Allowance):
            conditional.append(each)
        else:
            plain.append(each)
    return ((Allowance(frozenset(plain), None),) if plain else ()) + tuple(conditional)


def directives(declared: Declared, own_retention: bool = False) -> list[object]:
    """The schema directives of a declaration; `@retention` only if it differs from the type's (`own_retention`)."""
    printed: list[object] = []
    if declared.category is not None:
        # Without `source`, which is nobody's business but an auditor's (`schema.model.storage`).
        printed.append(PersonalData(category=CategoryEnum[declared.category.name]))
    for when_, purposes in _by_condition(declared.allowances).items():
        # In the order of the policy, so that the printed schema is stable.
        ordered = [PurposeEnum[purpose.name] for purpose in Purpose if purpose in purposes]
        condition = strawberry.UNSET if when_ is None else ConditionEnum[when_.name]
        printed.append(AllowedFor(allows=ordered, when=condition))
    printed += _side(declared)
    if own_retention and declared.retention is not None:
        printed.append(Retention(rule=RetentionEnum[declared.retention.name]))
    if declared.disclosed_to:
        printed.append(DisclosedTo(recipients=[RecipientEnum[each.name] for each in declared.disclosed_to]))
    if declared.scopes:
        printed.append(RequiresScopes(scopes=[sorted(each) for each in declared.scopes]))
    # A scope is a restriction, though it is no purpose: what needs one is not public in print.
    if declared.public is not None and not (declared.scopes or declared.allowances):
        printed.append(Public(why=declared.public))
    return printed


def _by_condition(allowances: Iterable[Allowance]) -> dict[Condition | None, frozenset[Purpose]]:
    found: dict[Condition | None, frozenset[Purpose]] = {}
    for each in allowances:
        found[each.when] = found.get(each.when, frozenset()) | each.purposes
    return found


def _side(declared: Declared) -> list[object]:
    """The directive `@thirdParty` or `@firstParty`, for fields that a customer's own token can reach."""
    # Purposes limited to own data are those of customers' tokens; tools are registered by the operator, without
    # consent.
    own = [each for each in declared.allowances if any(purpose.own_data_only for purpose in each.purposes)]
    opened = frozenset(scope for each in own for scope in each.third_party)
    if opened and not declared.first_party:
        return [ThirdParty(scopes=[each.scope for each in AppScope if each in opened])]
    return [FirstParty()] if own or declared.first_party else []


def _searching(category: Category, allows: Iterable[Allowed]) -> Declared:
    return Declared(None, category, allowances(allows), RetentionRule.NOT_STORED)


def _decorated(declared: Declared) -> Callable[[Any], Any]:
    def decorate(method: Any) -> Any:
        description = " ".join((method.__doc__ or "").split())
        return strawberry.field(
            resolver=method,
            description=description,
            directives=directives(declared, own_retention=True),
            metadata={DECLARED: declared},
        )

    return decorate


def scoped(declared: Declared, *scopes: frozenset[str]) -> Declared:
    """The same declaration, which also requires scopes."""
    return replace(declared, scopes=scopes)
