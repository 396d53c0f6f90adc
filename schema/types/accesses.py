"""Readings of a customer's data: client, purpose and fields, from the ledger and with an inclusion proof."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from messages.catalogue import translate
from messages.negotiation import written
from policy.categories import Category
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.reads.accesses import Reading, readings_about
from schema.core.declared import Declared
from schema.core.errors import ErrorCode, FieldError
from schema.core.scalars import BigInt, DateTime, LanguageTag
from schema.declare.connections import connection
from schema.declare.directives import CategoryEnum, PurposeEnum
from schema.declare.fields import allowances, computed, declare, positioned
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.execution.arguments import paging
from schema.execution.standard import ResolverContext
from schema.execution.views import ConnectionView
from schema.sources.values import Attribute
from store.accesses.check import AlteredEntryError
from store.accesses.staff_pseudonyms import staff_pseudonym
from store.crypto.cursors import ListPlace

log = logging.getLogger(__name__)

ALTERED = (
    "An entry about you is not as it was signed, so it is not shown. The operator of this service has to look into it."
)


def _ledger_field(name: str, description: str, *, always: bool = False) -> Any:
    """A field of a ledger entry, readable by the customer alone; `always`: every entry has it."""
    declared = Declared(Attribute(name, always), Category.SUBJECT_PSEUDONYM, allowances((SELF,)), RetentionRule.LEDGER)
    return declare(declared, description, own_retention=True)


@plain_type
class DataAccessField:
    """One field that was read."""

    coordinate: str | None = _ledger_field(
        "coordinate", "The field by its schema coordinate, such as `Customer.email`.", always=True
    )
    description: str | None = _ledger_field(
        "description", "What the field holds, in plain words; null for one that this release no longer has."
    )
    category: CategoryEnum | None = _ledger_field(
        "category", "The category of data that the field holds; null for one that this release no longer has."
    )


@plain_type
class DataAccessProof:
    """The proof that the signed ledger contains the entry; `gateway ledger verify` checks it with the public key."""

    size: BigInt | None = _ledger_field(
        "size", "The number of entries of the tree that the proof leads into.", always=True
    )
    leaf: str | None = _ledger_field(
        "leaf", "The hash of the entry as a leaf of the tree (RFC 9162), in base64.", always=True
    )
    path: list[str] | None = _ledger_field(
        "path", "The inclusion path from the leaf's sibling to the root (RFC 9162), in base64.", always=True
    )
    checkpoint: str | None = _ledger_field(
        "checkpoint", "The signed root that the proof leads to (C2SP tlog-checkpoint).", always=True
    )
    entry: str | None = _ledger_field("entry", "The entry itself; it contains the customer's pseudonym.", always=True)
    file: str | None = _ledger_field("file", "The whole proof as one file (C2SP tlog-proof).", always=True)


@plain_type
class DataAccessPerson:
    """The member of staff who asked, by role and code: staff are persons, too."""

    role: str | None = _ledger_field("role", "The role, such as `SUPPORT`.", always=True)
    code: str | None = _ledger_field(
        "code", "A code that stands for one person and names nobody, the same for all of their readings.", always=True
    )
    name: str | None = _ledger_field("name", "The person's name, where the controller chose to tell it; else null.")


@plain_type
class DataAccess:
    """One reading of the customer's data, as recorded in the ledger."""

    id: strawberry.ID | None = _ledger_field(
        "global_id",
        "An opaque id, the same each time it is read, for caches; `node(id:)` does not take it.",
        always=True,
    )
    index: BigInt | None = _ledger_field(
        "index", "The place of the entry in the ledger, counted from 0; `ledger { inclusion }` takes it.", always=True
    )
    at: DateTime | None = _ledger_field("at", "The time at which the data was read.", always=True)
    client: str | None = _ledger_field("client", "The client that read, by its client id.")
    client_name: str | None = _ledger_field(
        "client_name", "The name of that client; null if it is no longer registered."
    )
    purpose: PurposeEnum | None = _ledger_field(
        "purpose", "The purpose of the reading; null for one that this release no longer knows."
    )
    why: str | None = _ledger_field("why", "The purpose in one plain sentence, in the language that was asked for.")
    reference: str | None = _ledger_field("reference", "The reference of the case, if the purpose requires one.")
    fields: list[DataAccessField] | None = _ledger_field(
        "fields", "The fields that were read, each with a description.", always=True
    )
    person: DataAccessPerson | None = _ledger_field(
        "person", "The member of staff who asked; null for a program that acts by itself, and for yourself."
    )
    client_refusals: BigInt | None = _ledger_field(
        "client_refusals",
        "How often this client was refused a field in the last 30 days, for all customers together: a refusal resolves "
        "nobody.",
        always=True,
    )
    proof: DataAccessProof | None = _ledger_field("proof", "The proof; null until the entry is signed, in a minute.")


DataAccessConnection = connection(DataAccess, "DataAccess")
Words = Annotated[
    LanguageTag | None,
    positioned("Of the plain words, such as `fr`: English when left out, or where there are none.", "a language"),
]


@dataclass(frozen=True, slots=True)
class _Field:
    coordinate: str
    description: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class _Person:
    role: str
    code: str
    name: str | None


@dataclass(frozen=True, slots=True)
class _Access:
    """A reading with descriptions in the reader's language."""

    reading: Reading
    purpose: str | None
    """None for a purpose that this release does not know."""
    why: str | None
    fields: list[_Field]
    global_id: str
    person: _Person | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reading, name)

    @property
    def index(self) -> str:
        """The index as a string: GraphQL's Int has 32 bits."""
        return str(self.reading.id)

    @property
    def client_refusals(self) -> Any:
        """An awaitable of the sum, so that it is read only if selected."""
        return self.reading.refusals.of(self.reading.client)

    @property
    def proof(self) -> Any:
        """An awaitable of the proof, so that proofs are loaded only if selected."""
        return self.reading.proofs.of(self.reading.id)


async def _page(context: ResolverContext, customer: Any, given: Mapping[str, Any]) -> ConnectionView:
    # Built here: a computed field has no relation, from which `list_place` would take the order.
    place = ListPlace(context.grant.client_id, context.grant.subject, "Customer.accesses", descending=True)
    at = paging(place, context.operation_context.cursors, given, context.grant.max_page)
    language = written(given.get("language"))
    try:
        found, more = await readings_about(context.operation_context, customer.id, at.span)
    # An altered entry is never shown, and the failure is loud (D14).
    except AlteredEntryError as altered:
        log.error("the ledger was altered: %s; `gateway ledger verify --index` finds what else was", altered)
        raise FieldError(ErrorCode.LEDGER_ALTERED, ALTERED) from None
    names = await _names(context) if any(each.person for each in found) else {}
    return ConnectionView.of(at, [_access(context, customer.id, each, language, names) for each in found], more)


async def _names(context: ResolverContext) -> Mapping[str, str]:
    """The names of staff by pseudonym, as far as the controller tells them."""
    system = context.operation_context.store.keys.system
    named = context.command.dependencies.staff_names
    return {await staff_pseudonym(system, code): name for code, name in named.items()}


def _access(
    context: ResolverContext, customer: int, reading: Reading, language: str, names: Mapping[str, str]
) -> _Access:
    purpose = Purpose.__members__.get(reading.purpose or "")
    why = translate(purpose.text, language) if purpose is not None else None
    fields = [_field(context, each, language) for each in reading.coordinates]
    # The first entry has the index 0, and no row has the number 0.
    global_id = context.operation_context.ids("DataAccess", customer, reading.id + 1)
    asked = reading.person
    person = None if asked is None else _Person(asked.role, asked.code, names.get(asked.pseudonym))
    return _Access(reading, purpose and purpose.name, why, fields, global_id, person)


def _field(context: ResolverContext, coordinate: str, language: str) -> _Field:
    """The kind of data in the reader's words; the description of a field that holds none; of a field that no longer
    exists the coordinate alone.
    """
    field = context.model.fields.get(tuple(coordinate.split(".", 1)))  # type: ignore[arg-type]
    category = field.rule.category if field is not None and field.rule is not None else None
    words = field.core.description if field is not None else None
    if category is not None:
        words = translate(category.text, language)
    return _Field(coordinate, words, category.name if category else None)


accesses = computed(_page, Category.SUBJECT_PSEUDONYM, RetentionRule.LEDGER, (SELF,))
"""Decorates the field `Customer.accesses`."""
