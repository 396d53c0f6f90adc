"""The words in which mutations are written: inputs that name their columns, payloads that show what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

import strawberry
from sqlalchemy import Column, Table
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from policy.categories import Category
from policy.retention import RetentionRule
from resolvers.commands.context import CommandContext, Result, Run
from resolvers.commands.dependencies import FRESH
from resolvers.restriction.stopped import STOPPED, is_stopped
from schema.core.sources import Affected, Attribute, ColumnValue, Command
from schema.declare.directives import StepUp
from schema.declare.fields import DECLARED, Allowed, Declared, allowances, declare, directives, public
from schema.declare.records import plain_type

NO_DATA = "it names what is wrong with the input, never a value of it"
NO_PERSON = "it says how to carry out the command, and nothing of any person"


@plain_type
class UserError:
    """Something in the input that can be mended; nothing was changed."""

    code: str = public(Attribute("code"), "What is wrong, for programs.", NO_DATA)
    message: str = public(Attribute("message"), "What is wrong and what to do, for people.", NO_DATA)
    field: list[str] = public(Attribute("field"), "The path into the input.", NO_DATA)


def command(
    run: Run, allows: Iterable[Allowed], *scopes: frozenset[str], step_up: bool = False
) -> Callable[[Any], Any]:
    """A root field of Mutation; decorates the method whose argument `input` lists what it takes.

    `step_up=True` refuses it with STEP_UP_REQUIRED, before anything of the operation is carried out, unless the
    customer proved who they are within the last five minutes.
    """
    declared = Declared(Command(run, step_up), None, allowances(allows), None, scopes=scopes)
    printed = [*directives(declared), *([StepUp(max_age_seconds=FRESH)] if step_up else ())]

    def decorate(method: Any) -> Any:
        description = " ".join((method.__doc__ or "").split())
        return strawberry.field(
            resolver=method, description=description, directives=printed, metadata={DECLARED: declared}
        )

    return decorate


def affected(name: str, table: Table, category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """The changed object, as it is afterwards; null when nothing was changed."""
    return declare(
        Declared(Affected(name, table), category, allowances(allows), table.info["retention"]),
        description,
        own_retention=True,
    )


def shown(name: str, category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """A value that the command made and that is in this answer only: an attribute of its `Result`."""
    return declare(
        Declared(Attribute(name), category, allowances(allows), RetentionRule.NOT_STORED),
        description,
        own_retention=True,
    )


def by_id(run: Run, field: str, *types: str, refused: type[Result] = Result, stores: bool = False) -> Run:
    """The same command, with a global id of one of these types in its input turned into the row's key.

    What is no such id becomes a key that nobody has: the command says the same of both (D6). A tool changes nothing of
    a customer who has stopped its purpose, unless what it does is storing (Art. 18(2)); `refused` is the command's own
    kind of result.
    """

    @wraps(run)
    async def with_key(desk: CommandContext, given: Mapping[str, Any]) -> Result:
        if given.get(field) is None:
            return await run(desk, given)
        found = desk.store.keys.system.ids.decode(given[field])
        if found is None or found.type_name not in types:
            return await run(desk, {**given, field: 0})
        if not stores and await is_stopped(desk, found.customer):
            return refused(problems=(STOPPED,))
        return await run(desk, {**given, field: found.key})

    return with_key


def user_errors() -> Any:
    """What is wrong with the input; empty when the command was carried out."""
    return public(Attribute("problems"), "What is wrong with the input; empty when it was carried out.", NO_DATA)


def written(column: Column[Any], description: str, allows: Iterable[Allowed], *, part: str | None = None) -> Any:
    """An input field that is written to a column, or to one part of a sealed one: same category, same retention."""
    category = column.info["sealing"].parts[part] if part else column.info["category"]
    return _input(Declared(None, category, allowances(allows), column.table.info["retention"]), description)


def unkept(category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """An input field with personal data that is used and not stored."""
    return _input(Declared(None, category, allowances(allows), RetentionRule.NOT_STORED), description)


def asked(description: str, allows: Iterable[Allowed]) -> Any:
    """An input field without personal data: a version, a switch, a key of the caller's own making."""
    return _input(Declared(None, None, allowances(allows), None, public=NO_PERSON), description)


def editable_fields(type_: Any) -> dict[str, StrawberryField]:
    """The fields of an object type that say `editable_by`, by their names in Python."""
    fields = type_.__strawberry_definition__.fields
    return {each.python_name: each for each in fields if _declared(each).editable_by}


def editable_columns(type_: Any) -> dict[str, Column[Any]]:
    """The column behind each field that `with_editable_fields` adds to an input, by the field's name in GraphQL."""
    sources = {name: _declared(each).source for name, each in editable_fields(type_).items()}
    return {to_camel_case(name): each.column for name, each in sources.items() if isinstance(each, ColumnValue)}


def with_editable_fields(type_: Any) -> Callable[[type], type]:
    """Adds an input field for each editable field of an object type, in front of those that the input lists itself."""

    def decorate(cls: type) -> type:
        listed = dict(cls.__annotations__)
        cls.__annotations__.clear()
        for name, each in editable_fields(type_).items():
            cls.__annotations__[name] = str | None
            said = _declared(each)
            own = Declared(None, said.category, said.editable_by, said.retention)
            setattr(cls, name, _input(own, each.description or ""))
        cls.__annotations__.update(listed)
        return cls

    return decorate


def _declared(field: StrawberryField) -> Declared:
    return field.metadata.get(DECLARED) or Declared()


def _input(declared: Declared, description: str) -> Any:
    return strawberry.field(
        default=strawberry.UNSET,
        description=description,
        directives=directives(declared, own_retention=declared.retention is not None),
        metadata={DECLARED: declared},
    )
