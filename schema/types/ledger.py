"""Transparency of the ledger: signed checkpoints, inclusion and consistency proofs (RFC 9162). No personal data."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from resolvers.reads.accesses import readings_of
from schema.core.errors import ErrorCode, FieldError
from schema.core.scalars import BigInt
from schema.declare.fields import computed, positioned, public
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.sources.values import Attribute

HASHES = "hashes and signatures hold no personal data"
FromSize = Annotated[BigInt, positioned("The size of an earlier checkpoint.", "a size of the ledger", name="from")]
LatestSize = Annotated[
    BigInt | None,
    positioned("The size of a later checkpoint; the latest signed one when left out.", "a size of the ledger"),
]
Index = Annotated[BigInt, positioned("The entry's index in the ledger.", "a place in the ledger")]


@plain_type
class LedgerProof:
    """An inclusion or consistency proof for a signed root (RFC 9162, 2.1.3 and 2.1.4)."""

    path: list[str] = public(
        Attribute("path"), "The hashes of the proof in the order of RFC 9162, each in base64.", HASHES
    )
    leaf: str | None = public(
        Attribute("leaf"), "The hash of the entry, in base64; null in a consistency proof.", HASHES
    )
    size: BigInt = public(Attribute("size"), "The number of entries of the tree that the proof is about.", HASHES)
    checkpoint: str | None = public(
        Attribute("checkpoint"), "The signed checkpoint of that size; null if there is none.", HASHES
    )


@dataclass(frozen=True, slots=True)
class _Proof:
    path: list[str]
    leaf: str | None
    size: str
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class _Ledger:
    checkpoint: str | None
    public_keys: list[str]


async def _ledger(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> _Ledger:
    readings = readings_of(context.operation_context.store)
    signed = await readings.checkpoints.latest()
    return _Ledger(signed.note if signed else None, [str(key.verifier) for key in await readings.keys.all()])


async def _consistency(context: ResolverContext, ledger: Any, given: Mapping[str, Any]) -> _Proof:
    first, second = _number("from", given["from"]), await _size(context, given.get("to"))
    if first > second:
        raise FieldError(ErrorCode.BAD_USER_INPUT, "`from` is more than `to`: a ledger only grows.")
    readings = readings_of(context.operation_context.store)
    path = await readings.prover.consistency(first, second)
    signed = await readings.checkpoints.at(second)
    return _Proof([_text(each) for each in path], None, str(second), signed.note if signed else None)


async def _inclusion(context: ResolverContext, ledger: Any, given: Mapping[str, Any]) -> _Proof:
    index, size = _number("index", given["index"]), await _size(context, given.get("size"))
    if index >= size:
        raise FieldError(ErrorCode.BAD_USER_INPUT, f"There is no such entry among the {size} signed ones.")
    readings = readings_of(context.operation_context.store)
    (proof,) = await readings.prover.inclusions([index], size)
    signed = await readings.checkpoints.at(size)
    return _Proof([_text(each) for each in proof.path], _text(proof.leaf), str(size), signed.note if signed else None)


async def _size(context: ResolverContext, given: int | None) -> int:
    """The size that is asked for, if it was signed by now; the latest when none is."""
    signed = await readings_of(context.operation_context.store).checkpoints.latest()
    latest = signed.size if signed is not None else 0
    size = latest if given is None else _number("size", given)
    if size > latest:
        raise FieldError(ErrorCode.BAD_USER_INPUT, f"The ledger has {latest} signed entries.")
    return size


def _number(name: str, given: int) -> int:
    if given < 0:
        raise FieldError(ErrorCode.BAD_USER_INPUT, f"`{name}` is a whole number without a sign.")
    return given


def _text(content: bytes) -> str:
    return b64encode(content).decode()


@plain_type
class Ledger:
    """The signed part of the ledger of readings."""

    checkpoint: str | None = public(
        Attribute("checkpoint"), "The latest checkpoint (C2SP tlog-checkpoint); null if nothing was signed.", HASHES
    )
    public_keys: list[str] = public(
        Attribute("public_keys"), "The public keys that verify checkpoints, the newest first.", HASHES
    )

    @computed(_inclusion, None, None, (), HASHES)
    def inclusion(self, index: Index, size: LatestSize = strawberry.UNSET) -> LedgerProof | None:
        """The proof that the tree of this size contains an entry."""

    @computed(_consistency, None, None, (), HASHES)
    def consistency(self, from_: FromSize, to: LatestSize = strawberry.UNSET) -> LedgerProof | None:
        """The proof that the tree of one size extends the tree of a smaller size."""


ledger = computed(_ledger, None, None, (), HASHES)
"""Decorates the root field `Query.ledger`."""
