"""What arguments mean, checked before anything is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy.grant import Grant
from schema.errors import Code, FieldError
from schema.global_ids import from_cursor, from_global_id
from schema.model import FieldModel, SchemaModel
from schema.sources import Entry, Told

DEFAULT_PAGE = 50


@dataclass(frozen=True, slots=True)
class Paging:
    """A page: how many, and after which key."""

    first: int
    after: int | None


def paging(coordinate: str, arguments: Mapping[str, Any], most: int) -> Paging:
    """`first` and `after` of a connection; FieldError when they cannot be followed."""
    first = arguments.get("first")
    if first is None:
        first = min(DEFAULT_PAGE, most)
    if first < 0:
        raise FieldError(Code.BAD_USER_INPUT, "`first` must not be negative.")
    if first > most:
        raise FieldError(Code.PAGE_TOO_LARGE, f"`first` is more than this client may read at once: {most}.")
    cursor = arguments.get("after")
    if cursor is None:
        return Paging(first, None)
    after = from_cursor(coordinate, cursor)
    if after is None:
        raise FieldError(Code.INVALID_CURSOR, f"`after` is not a cursor that {coordinate} gave out.")
    return Paging(first, after)


def node_key(model: SchemaModel, field: FieldModel, text: str) -> tuple[str, int]:
    """The type and key of a global id that this field can answer; FieldError otherwise, existing or not."""
    found = from_global_id(text)
    if found is None or found[0] not in model.rows:
        raise FieldError(Code.INVALID_ID, "`id` is not a global id: give the `id` of an object exactly as it was read.")
    assert isinstance(field.source, Entry)
    if field.source.table is not None and model.rows[found[0]].table is not field.source.table:
        raise FieldError(Code.INVALID_ID, f"`id` names a {found[0]}: {field.coordinate} takes the id of another type.")
    return found


def searched_for(field: FieldModel, text: str) -> str:
    """What a document is looked up by, in its normal form; FieldError for what can be none, existing or not."""
    assert isinstance(field.source, Told)
    try:
        return field.source.normal(text)
    except ValueError as error:
        raise FieldError(Code.BAD_USER_INPUT, f"`{field.source.kind}`: {error}") from None


def own_key(grant: Grant) -> int:
    """The customer whom the token is bound to; FieldError for a tool's token, which is bound to nobody."""
    if grant.subject is None:
        raise FieldError(Code.BAD_USER_INPUT, "The token is not bound to a customer: use `customer(id:)`.")
    return grant.subject
