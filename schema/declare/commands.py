"""Declarations of mutations: input fields with their columns, payload fields with the changed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar

import strawberry
from sqlalchemy import Column, Table
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from policy.categories import Category
from policy.retention import RetentionRule
from policy.user_error_codes import UserErrorCode
from resolvers.commands.context import CommandContext, Result, Run
from resolvers.commands.dependencies import FRESH
from resolvers.restriction.stopped import STOPPED, is_stopped
from schema.core.declared import DECLARED, Declared
from schema.core.words import enumerated
from schema.declare.directives import StepUp
from schema.declare.fields import Allowed, allowances, declare, directives, public
from schema.declare.records import plain_type
from schema.sources.commands import Affected, AffectedRows, Command, Problems
from schema.sources.values import Attribute

T = TypeVar("T")

NO_DATA = "it names what is wrong with the input, never a value of it"
FIELD = (
    "The path of names from the mutation's `input` to the field that the problem is about, the outermost first, "
    'such as `["postalAddress", "city"]`; empty if it is about no single field.'
)
AFTERWARDS = "The customer as after the change; null if nothing was changed (`userErrors`)."
NO_PERSON = "it says how to carry out the command, and nothing of any person"
IDEMPOTENCY_KEY = (
    "A text of the caller's own, such as a UUID: sent again with the same input within a day, the mutation is not "
    "carried out twice, and the answer is repeated."
)


UserErrorCodeEnum = enumerated(
    "UserErrorCode",
    {each.name: strawberry.enum_value(each.name, description=each.text) for each in UserErrorCode},
    "The code of a problem of the input. Codes are added over time: treat an unknown one as a problem with a message.",
)


@plain_type
class UserError:
    """A problem of the input that the caller can correct; nothing was changed."""

    code: UserErrorCodeEnum = public(
        Attribute("code"), "The problem for programs; `message` says it to people.", NO_DATA
    )
    message: str = public(
        Attribute("message"),
        "The problem and what to do about it, in one or two sentences for people; it repeats nothing of the input.",
        NO_DATA,
    )
    field: list[str] = public(Attribute("field"), FIELD, NO_DATA)


def command(
    run: Run, allows: Iterable[Allowed], *scopes: frozenset[str], step_up: bool = False
) -> Callable[[Any], Any]:
    """A root field of Mutation; decorates the method whose argument `input` declares the input.

    `step_up=True`: the operation is refused with STEP_UP_REQUIRED, before any of it is executed, unless the customer
    authenticated within the last five minutes (S7).
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
    """A payload field: the object after the change, or as it is if the problem is CONFLICT; null with another one."""
    return declare(
        Declared(Affected(name, table), category, allowances(allows), table.info["retention"]),
        description,
        own_retention=True,
    )


def affected_rows(name: str, table: Table, category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """A payload field: the rows whose keys an attribute of the command's `Result` lists."""
    return declare(
        Declared(AffectedRows(name, table), category, allowances(allows), table.info["retention"]),
        description,
        own_retention=True,
    )


def returned(name: str, category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """A payload field: a value that the command created, an attribute of its `Result`, returned once and not stored."""
    return declare(
        Declared(Attribute(name), category, allowances(allows), RetentionRule.NOT_STORED),
        description,
        own_retention=True,
    )


def by_id(run: Run, field: str, *types: str, refused: type[Result] = Result, stores: bool = False) -> Run:
    """Wrap a command: the global id in the input field becomes the row's primary key.

    An id of no such type becomes key 0, which no row has, so that the command's answer is the same as for an unknown
    row (D6). A tool is refused if the customer has restricted processing or objected to its purpose, unless the command
    only stores (`stores`, GDPR Art. 18(2)); `refused` is the command's result type.
    """

    @wraps(run)
    async def with_key(context: CommandContext, given: Mapping[str, Any]) -> Result:
        if given.get(field) is None:
            return await run(context, given)
        found = context.store.keys.system.ids.decode(given[field])
        # Key 0 belongs to no row: the command answers as for a row that does not exist (D6).
        if found is None or found.type_name not in types:
            return await run(context, {**given, field: 0})
        if not stores and await is_stopped(context, found.customer):
            return refused(problems=(STOPPED,))
        return await run(context, {**given, field: found.key})

    return with_key


def user_errors() -> Any:
    """The payload field `userErrors`."""
    return public(Problems(), "Problems of the input; empty if the command was executed.", NO_DATA)


def stored_input(column: Column[Any], description: str, allows: Iterable[Allowed], *, part: str | None = None) -> Any:
    """An input field stored in a column, or in one part of a sealed column; category and retention are the column's."""
    category = column.info["sealing"].parts[part] if part else column.info["category"]
    return _input(Declared(None, category, allowances(allows), column.table.info["retention"]), description)


def transient_input(category: Category, description: str, allows: Iterable[Allowed]) -> Any:
    """An input field with personal data that is used and not stored."""
    return _input(Declared(None, category, allowances(allows), RetentionRule.NOT_STORED), description)


def plain_input(description: str, allows: Iterable[Allowed]) -> Any:
    """An input field without personal data, such as a version or a switch."""
    return _input(Declared(None, None, allowances(allows), None, public=NO_PERSON), description)


def command_input(description: str, allows: Iterable[Allowed]) -> Callable[[type[T]], type[T]]:
    """The input of one mutation, `<Mutation>Input`; it ends with the key that makes the mutation idempotent."""

    def decorate(cls: type[T]) -> type[T]:
        cls.__annotations__["idempotency_key"] = str | None
        setattr(cls, "idempotency_key", plain_input(IDEMPOTENCY_KEY, allows))  # noqa: B010
        return strawberry.input(description=description)(cls)

    return decorate


def editable_fields(type_: Any) -> dict[str, StrawberryField]:
    """The fields of an object type that say `editable_by`, by their names in Python."""
    fields = type_.__strawberry_definition__.fields
    return {each.python_name: each for each in fields if _declared(each).editable_by}


def editable_columns(type_: Any) -> dict[str, Column[Any]]:
    """The column behind each field that `with_editable_fields` adds to an input, by the field's name in GraphQL."""
    sources = {name: _declared(each).source for name, each in editable_fields(type_).items()}
    # What is edited rests in one column (`datum`).
    return {to_camel_case(name): each.shown[0] for name, each in sources.items() if each is not None and each.shown}


def with_editable_fields(type_: Any) -> Callable[[type], type]:
    """Adds an input field for each editable field of an object type, in front of those that the input lists itself."""

    def decorate(cls: type) -> type:
        listed = dict(cls.__annotations__)
        cls.__annotations__.clear()
        for name, each in editable_fields(type_).items():
            # Of the type that the field has on the way out, such as PhoneNumber.
            cls.__annotations__[name] = each.type_annotation.evaluate() if each.type_annotation else str | None
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
        # UNSET instead of None: an omitted field and an explicit null mean different things.
        default=strawberry.UNSET,
        description=description,
        directives=directives(declared, own_retention=declared.retention is not None),
        metadata={DECLARED: declared},
    )
