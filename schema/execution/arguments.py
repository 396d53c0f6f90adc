"""Interprets arguments (paging, ids, look-ups) and raises FieldError before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policy.grant import Grant
from resolvers.reads.criteria import given_values
from resolvers.reads.pages import LEAST, MOST, PageOf, Span
from schema.core.errors import ErrorCode, FieldError
from schema.model.model import FieldModel, SchemaModel
from store.crypto.blind_index import Lookup
from store.crypto.cursors import Cursors, ListPlace
from store.crypto.global_ids import GlobalIds
from store.crypto.key_store import KeyStore
from values.domain_name import DomainNameError, to_ascii
from values.telephone import TelephoneError, read_telephone

DEFAULT_PAGE = 50
REPRESENTATION = frozenset({"__typename", "id"})
"""The parts of an object as routers name it: its type, and the key of `@key(fields: "id")`."""
LOOKUPS: Mapping[str, Lookup] = {
    "email": Lookup.EMAIL,
    "customerNumber": Lookup.CUSTOMER_NUMBER,
    "domain": Lookup.DOMAIN,
    "externalId": Lookup.EXTERNAL_ID,
    "phone": Lookup.PHONE,
    "serviceName": Lookup.SERVICE_NAME,
}
"""The blind index that each of these fields of `CustomerBy` searches."""


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of a connection: the rows to read, and the cursors between which they are."""

    span: Span
    after: int | None
    before: int | None
    seal: Callable[[int], str]
    """Creates the cursor of a row of this list from its key."""

    # A cursor's own edge is one beyond the page (Relay Cursor Connections).
    def has_next(self, more: bool) -> bool:
        """Whether edges follow the page; `more`: there are others in the direction of reading."""
        return self.before is not None if self.span.backward else more

    def has_previous(self, more: bool) -> bool:
        """Whether edges precede the page."""
        return more if self.span.backward else self.after is not None


def list_place(field: FieldModel, grant: Grant, arguments: Mapping[str, Any]) -> ListPlace:
    """The list of a connection for this caller in the order asked for, which its cursors are bound to (G16)."""
    newest = field.source is not None and field.source.newest_first
    order = arguments.get("order")
    if order is not None:
        newest = getattr(order, "value", order) == "NEWEST_FIRST"
    return ListPlace(grant.client_id, grant.subject, field.coordinate, newest)


def filtered(at: Paging, fetch: PageOf, arguments: Mapping[str, Any], keys: KeyStore) -> Paging:
    """The same page with the values of the list's filter; FieldError if one is malformed, whether it exists or not."""
    if not fetch.criteria:
        return at
    try:
        given = given_values(fetch.criteria.values(), arguments["filter"], keys.blind_index)
    except ValueError as error:
        raise FieldError(ErrorCode.BAD_USER_INPUT, str(error)) from None
    return replace(at, span=replace(at.span, given=given))


def paging(place: ListPlace, cursors: Cursors, arguments: Mapping[str, Any], most: int) -> Paging:
    """Interpret `first`, `after`, `last` and `before` of a connection; FieldError if they are invalid."""
    limit, backward = _size(arguments, most)
    # A cursor is bound to client, subject and list, so that it reveals and opens nothing elsewhere (G16).
    after, before = (_opened(place, cursors, name, arguments.get(name)) for name in ("after", "before"))
    lower, upper = (before, after) if place.descending else (after, before)
    span = Span(
        limit,
        LEAST if lower is None else lower,
        MOST if upper is None else upper,
        place.descending != backward,
        backward,
    )
    return Paging(span, after, before, cursors.sealer(place))


def _size(arguments: Mapping[str, Any], most: int) -> tuple[int, bool]:
    """The number of edges, and whether they are counted from the end of the list."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise FieldError(ErrorCode.BAD_USER_INPUT, "Give `first` or `last`, not both.")
    name, size, backward = ("first", first, False) if last is None else ("last", last, True)
    if size is None:
        # The default is no more than the client's limit, so that leaving both out never fails.
        return min(DEFAULT_PAGE, most), False
    if size < 0:
        raise FieldError(ErrorCode.BAD_USER_INPUT, f"`{name}` must not be negative.")
    if size > most:
        raise FieldError(ErrorCode.PAGE_TOO_LARGE, f"`{name}` is more than this client may read at once: {most}.")
    return size, backward


def _opened(place: ListPlace, cursors: Cursors, name: str, cursor: str | None) -> int | None:
    """The key in a cursor of this list; FieldError if it was made for another one."""
    if cursor is None:
        return None
    key = cursors.open(place, cursor)
    if key is None:
        message = f"`{name}` is not a cursor that {place.coordinate} gave to this client."
        raise FieldError(ErrorCode.INVALID_CURSOR, message)
    return key


def node_key(ids: GlobalIds, model: SchemaModel, field: FieldModel, text: str) -> tuple[str, int]:
    """The type and key of a global id that this field accepts; FieldError otherwise, whether the row exists or not."""
    found = ids.decode(text)
    # Checked before any read: the answer cannot depend on the existence of the row (G7).
    if found is None or found.type_name not in model.rows:
        raise FieldError(
            ErrorCode.INVALID_ID, "`id` is not a global id: give the `id` of an object exactly as it was read."
        )
    table = field.source.leads_to if field.source is not None else None
    if table is not None and model.rows[found.type_name].table is not table:
        raise FieldError(
            ErrorCode.INVALID_ID, f"`id` names a {found.type_name}: {field.coordinate} takes the id of another type."
        )
    return found.type_name, found.key


def node_keys(
    ids: GlobalIds, model: SchemaModel, field: FieldModel, texts: Sequence[str], grant: Grant
) -> list[tuple[str, int]]:
    """The types and keys of global ids; FieldError if there are too many, or if one is not a global id."""
    most = grant.max_page
    if len(texts) > most:
        raise FieldError(ErrorCode.PAGE_TOO_LARGE, f"`ids` are more than this client may read at once: {most}.")
    return [node_key(ids, model, field, text) for text in texts]


def represented_keys(
    ids: GlobalIds, model: SchemaModel, field: FieldModel, given: Sequence[Mapping[str, str]], grant: Grant
) -> list[tuple[str, int]]:
    """The types and keys of objects as a router names them; FieldError if there are too many, or if one's id is of
    another type."""
    most = grant.max_page
    if len(given) > most:
        raise FieldError(ErrorCode.PAGE_TOO_LARGE, f"These are more objects than this client may read at once: {most}.")
    keys = [node_key(ids, model, field, each["id"]) for each in given]
    for each, (type_name, _) in zip(given, keys, strict=True):
        if each["__typename"] != type_name:
            raise FieldError(ErrorCode.INVALID_ID, f"`id` names a {type_name}, and `__typename` something else.")
    return keys


def chosen(
    ids: GlobalIds, model: SchemaModel, field: FieldModel, keys: KeyStore, by: Mapping[str, Any]
) -> tuple[str, Any]:
    """The one given field of `CustomerBy`, and the key that its row is found by; FieldError for an invalid id or a
    malformed telephone number."""
    ((name, value),) = by.items()
    if name == "id":
        return name, node_key(ids, model, field, value)[1]
    if name == "phone":
        try:
            value = read_telephone(value)
        except TelephoneError as error:
            raise FieldError(ErrorCode.BAD_USER_INPUT, f"`{name}`: {error}") from None
    return name, keys.blind_index(LOOKUPS[name], value) if name in LOOKUPS else value.strip()


def domain_index(keys: KeyStore, text: str) -> bytes:
    """The blind index of a domain name in any spelling; FieldError if it is malformed, whether it exists or not."""
    try:
        return keys.blind_index(Lookup.DOMAIN, to_ascii(text))
    except DomainNameError as error:
        raise FieldError(ErrorCode.BAD_USER_INPUT, f"`name`: {error}") from None


def own_key(grant: Grant) -> int:
    """The key of the customer that the token is bound to; FieldError for a tool's token."""
    if grant.subject is None:
        raise FieldError(ErrorCode.BAD_USER_INPUT, "The token is not bound to a customer: use `customer(by:)`.")
    return grant.subject
