"""The words in which the schema is written: each field says where its data rests and what it may be used for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
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
from schema.core.sources import (
    ColumnValue,
    Computed,
    Embedded,
    Entry,
    GlobalIdSource,
    Paged,
    Part,
    Related,
    RenderedDocument,
    Source,
    Work,
)
from schema.declare.directives import (
    AllowedFor,
    CategoryEnum,
    ConditionEnum,
    DisclosedTo,
    FirstParty,
    PersonalData,
    PurposeEnum,
    RecipientEnum,
    RequiresScopes,
    Retention,
    RetentionEnum,
    ThirdParty,
)
from store.sql.metadata import is_text


@dataclass(frozen=True, slots=True)
class Declared:
    """What a field, argument or input field declares of itself; kept beside the directives that print it.

    `public` says in words why a field needs no purpose: silence is not an answer, and the lint refuses it.
    """

    source: Source | None = None
    category: Category | None = None
    allowances: tuple[Allowance, ...] = ()
    retention: RetentionRule | None = None
    disclosed_to: tuple[Recipient, ...] = ()
    scopes: tuple[frozenset[str], ...] = ()
    public: str | None = None
    first_party: bool = False
    """It needs no purpose, and yet no app of somebody else may ask for it."""
    editable_by: tuple[Allowance, ...] = ()
    """Who changes it by `updateProfile`; empty: it is changed in another way, or not at all."""


DECLARED = "gateway"
Allowed = Purpose | Allowance


def when(condition: Condition, *purposes: Purpose) -> Allowance:
    """These purposes, only where the condition holds for the customer."""
    return Allowance(frozenset(purposes), condition)


def shared(*scopes: AppScope) -> Allowance:
    """The customer themselves, and with one of these scopes an app of somebody else to which they allowed it (O10)."""
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
    """A field that holds what rests in a column; category and retention are the column's and the table's own.

    `category` is for a column that has none by itself, such as a time of change: shown on a person's row it is a fact
    about that person. ValueError for a column that has one, which is said once.

    `editable_by` adds a field of the same name to the input of `updateProfile` (R30): `SELF`, or `WRITE_PROFILE` for
    the customer's own apps and those of others. ValueError for a column that does not hold one text which may be empty.
    """
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
    return declare(declared, description, column, deprecated, own_retention=retention is not None)


def identity(table: Table, allows: Iterable[Allowed]) -> Any:
    """The Relay id of a row. Knowing that the row exists is knowing something of the person, so it has purposes too."""
    category = table.c.id.info["category"] or Category.CUSTOMER_ID
    declared = Declared(GlobalIdSource(), category, allowances(allows), table.info["retention"])
    return declare(declared, "Globally unique and opaque; `node(id:)` finds the same object again.", table.c.id)


def embedded(
    column: Column[Any], description: str, allows: Iterable[Allowed], *, disclosed_to: Sequence[Recipient] = ()
) -> Any:
    """An object whose parts are sealed together in one column."""
    declared = Declared(
        Embedded(column),
        column.info["category"],
        allowances(allows),
        column.table.info["retention"],
        tuple(disclosed_to),
    )
    return declare(declared, description, column)


def part(
    column: Column[Any],
    name: str,
    description: str,
    allows: Iterable[Allowed],
    *,
    read: Callable[[Any], Any] | None = None,
) -> Any:
    """One part of an embedded object; which purposes reach it is decided here and at the field that embeds it."""
    parts = column.info["sealing"].parts
    declared = Declared(
        Part(list(parts).index(name), read), parts[name], allowances(allows), column.table.info["retention"]
    )
    return declare(declared, description, own_retention=True)


def together(column: Column[Any], description: str, allows: Iterable[Allowed], read: Callable[[list[Any]], Any]) -> Any:
    """A field made from all parts of an embedded object; its category is the whole's."""
    declared = Declared(Part(None, read), column.info["category"], allowances(allows), column.table.info["retention"])
    return declare(declared, description, own_retention=True)


def related(relation: Relation, description: str, category: Category, allows: Iterable[Allowed]) -> Any:
    """Rows of another table. How many there are is already personal data, so the field names its purposes."""
    declared = Declared(Related(relation), category, allowances(allows), relation.table.info["retention"])
    return declare(declared, description, own_retention=True)


def paged(relation: Relation, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A connection over related rows; decorates the method that lists its arguments."""
    retention = relation.table.info["retention"]
    return _decorated(Declared(Paged(relation.table, relation), category, allowances(allows), retention))


def paged_table(table: Table, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A connection over every row that the purpose may read."""
    return _decorated(Declared(Paged(table), category, allowances(allows), table.info["retention"]))


def worked_out(
    run: Work,
    category: Category | None,
    retention: RetentionRule | None,
    allows: Iterable[Allowed],
    why: str | None = None,
) -> Callable[[Any], Any]:
    """A field that is no row's: the function works it out. `why` says what makes it public, if it is."""
    return _decorated(Declared(Computed(run), category, allowances(allows), retention, public=why))


def entry(kind: str, table: Table | None, category: Category, allows: Iterable[Allowed]) -> Callable[[Any], Any]:
    """A root field that finds one row."""
    retention = RetentionRule.CUSTOMER_LIFE if table is None else table.info["retention"]
    return _decorated(Declared(Entry(kind, table), category, allowances(allows), retention))


def told(
    source: RenderedDocument, category: Category, allows: Iterable[Allowed], disclosed_to: Sequence[Recipient] = ()
) -> Callable[[Any], Any]:
    """A root field that finds one row and tells it as a document of another standard, such as RDAP."""
    retention = source.table.info["retention"]
    return _decorated(Declared(source, category, allowances(allows), retention, tuple(disclosed_to)))


def public(source: Source | None, description: str, why: str, *, first_party: bool = False) -> Any:
    """A field that holds no personal data, with the reason; `first_party`: and not for apps of somebody else."""
    return declare(Declared(source, public=why, first_party=first_party), description)


def searched(category: Category, description: str, allows: Iterable[Allowed], *, name: str | None = None) -> Any:
    """An argument that searches by personal data: it needs the purpose as much as a field does, and is not kept."""
    declared = _searching(category, allows)
    return strawberry.argument(
        description=description,
        name=name,
        directives=directives(declared, own_retention=True),
        metadata={DECLARED: declared},
    )


def positioned(description: str, why: str, *, name: str | None = None) -> Any:
    """An argument that says nothing of any person, with the reason."""
    return strawberry.argument(description=description, name=name, metadata={DECLARED: Declared(public=why)})


def searched_input(category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """The same for a field of an input object."""
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
    column: Column[Any] | None = None,
    deprecated: str | None = None,
    own_retention: bool = False,
) -> Any:
    """The Strawberry field with its directives, for what `Declared` says."""
    return strawberry.field(
        description=description,
        directives=directives(declared, column, own_retention),
        metadata={DECLARED: declared},
        deprecation_reason=deprecated,
    )


def allowances(allows: Iterable[Allowed]) -> tuple[Allowance, ...]:
    """Plain purposes gathered into one allowance, conditional ones after it."""
    plain: list[Purpose] = []
    conditional: list[Allowance] = []
    for each in allows:
        if isinstance(each, Allowance):
            conditional.append(each)
        else:
            plain.append(each)
    return ((Allowance(frozenset(plain), None),) if plain else ()) + tuple(conditional)


def directives(declared: Declared, column: Column[Any] | None = None, own_retention: bool = False) -> list[object]:
    """The schema directives that print what was declared; a retention only where it is not the type's own."""
    printed: list[object] = []
    if declared.category is not None:
        source = strawberry.UNSET if column is None else f"{column.table.name}.{column.name}"
        printed.append(PersonalData(category=CategoryEnum[declared.category.name], source=source))
    for when_, purposes in _by_condition(declared.allowances).items():
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
    return printed


def _by_condition(allowances: Iterable[Allowance]) -> dict[Condition | None, frozenset[Purpose]]:
    found: dict[Condition | None, frozenset[Purpose]] = {}
    for each in allowances:
        found[each.when] = found.get(each.when, frozenset()) | each.purposes
    return found


def _side(declared: Declared) -> list[object]:
    """Whether apps of somebody else may ask for it; said of whatever a customer's own token could reach."""
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
    """The same declaration, with scopes beside the purposes."""
    return replace(declared, scopes=scopes)
