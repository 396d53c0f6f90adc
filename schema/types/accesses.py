"""Who read my data, why, and the proof of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from messages.catalogue import SOURCE, shipped, translate
from policy.categories import Category
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.reads.accesses import Reading, readings_about
from schema.core.errors import ErrorCode, FieldError
from schema.core.scalars import DateTime
from schema.core.sources import Attribute
from schema.core.words import enumerated
from schema.declare.connections import connection
from schema.declare.directives import CategoryEnum, PurposeEnum
from schema.declare.fields import Declared, allowances, declare, positioned, worked_out
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.execution.arguments import paging
from schema.execution.standard import ResolverContext
from schema.execution.views import ConnectionView
from store.accesses.check import AlteredEntryError
from store.crypto.cursors import ListPlace

log = logging.getLogger(__name__)

ALTERED = (
    "An entry about you is not as it was signed, so it is not shown. The operator of this service has to look into it."
)


def _told(name: str, description: str) -> Any:
    """A field of an entry of the ledger."""
    declared = Declared(Attribute(name), Category.SUBJECT_PSEUDONYM, allowances((SELF,)), RetentionRule.LEDGER)
    return declare(declared, description, own_retention=True)


@plain_type
class AccessedField:
    """One field that was read."""

    coordinate: str | None = _told("coordinate", "Where it stands in the schema.")
    description: str | None = _told("description", "What it is, in plain words.")
    category: CategoryEnum | None = _told("category", "What kind of data it holds.")


@plain_type
class AccessProof:
    """That the entry stands in the signed ledger: `gateway ledger verify` checks it with the public key alone."""

    size: str | None = _told("size", "The number of entries in the tree that the path leads through.")
    leaf: str | None = _told("leaf", "The hash of the entry, in base64.")
    path: list[str] | None = _told("path", "From the leaf's sibling to the root, in base64.")
    checkpoint: str | None = _told("checkpoint", "The signed root (C2SP tlog-checkpoint).")
    entry: str | None = _told("entry", "The entry itself, byte by byte; you stand in it by a pseudonym.")
    file: str | None = _told("file", "All of it as one file (C2SP tlog-proof), which the command reads.")


@plain_type
class Access:
    """One reading of the customer's data, as the ledger has it."""

    index: str | None = _told("index", "Its place in the ledger.")
    at: DateTime | None = _told("at", "When.")
    client: str | None = _told("client", "The id of the program that read.")
    client_name: str | None = _told("client_name", "What that program is called.")
    purpose: PurposeEnum | None = _told("purpose", "What for.")
    why: str | None = _told("why", "What for, in plain words.")
    reference: str | None = _told("reference", "In which case, where the purpose needs one.")
    fields: list[AccessedField] | None = _told("fields", "What was read.")
    proof: AccessProof | None = _told("proof", "The proof; null until it is signed, a minute later at most.")


AccessConnection = connection(Access, "Access")
Language = enumerated(
    "Language", tuple(each.upper() for each in shipped()), "A language that plain words are written in."
)
Words = Annotated[Language | None, positioned("Of the plain words: English when left out.", "a language")]


@dataclass(frozen=True, slots=True)
class _Field:
    coordinate: str
    description: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class _Access:
    """A reading, with its words."""

    reading: Reading
    purpose: str | None
    """None for one that this release does not know."""
    why: str | None
    fields: list[_Field]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reading, name)

    @property
    def index(self) -> str:
        """A text: GraphQL's whole numbers have 32 bits."""
        return str(self.reading.id)

    @property
    def proof(self) -> Any:
        """To be awaited."""
        return self.reading.proofs.of(self.reading.id)


async def _page(context: ResolverContext, customer: Any, given: Mapping[str, Any]) -> ConnectionView:
    place = ListPlace(context.grant.client_id, context.grant.subject, "Customer.accesses", descending=True)
    at = paging(place, context.unit.cursors, given, context.grant.max_page)
    language = str(_word(given.get("language")) or SOURCE).lower()
    try:
        found, more = await readings_about(context.unit, customer.id, at.after, at.first)
    except AlteredEntryError as altered:
        log.error("the ledger was altered: %s; `gateway ledger verify --index` finds what else was", altered)
        raise FieldError(ErrorCode.LEDGER_ALTERED, ALTERED) from None
    return ConnectionView.of(at, [_access(context, each, language) for each in found], more)


def _word(given: Any) -> Any:
    """The word of an enum, however the executor hands it over."""
    return getattr(given, "value", given)


def _access(context: ResolverContext, reading: Reading, language: str) -> _Access:
    purpose = Purpose.__members__.get(reading.purpose or "")
    why = translate(purpose.text, language) if purpose is not None else None
    return _Access(
        reading, purpose and purpose.name, why, [_field(context, each, language) for each in reading.coordinates]
    )


def _field(context: ResolverContext, coordinate: str, language: str) -> _Field:
    """What the schema says of it today; a field that is no longer there goes by its name."""
    field = context.model.fields.get(tuple(coordinate.split(".", 1)))  # type: ignore[arg-type]
    category = field.rule.category if field is not None and field.rule is not None else None
    words = field.core.description if field is not None else None
    if language != SOURCE and category is not None:
        words = translate(category.text, language)
    return _Field(coordinate, words, category.name if category else None)


accesses = worked_out(_page, Category.SUBJECT_PSEUDONYM, RetentionRule.LEDGER, (SELF,))
"""Decorates the field of the customer."""
