"""A binding request is answered by reference, authority, ground, scope, and two proofs (R24, R53, D12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.orders import APPROVED, Order
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.references import References
from resolvers.commands.dependencies import Site
from resolvers.disclosures.disclosures import disclose
from resolvers.disclosures.legal_notices import notify
from resolvers.events.references import REFERENCES
from resolvers.legal.orders import APPROVES, REFUSES, LegalRequestError, NewRequest, to_sign
from resolvers.legal.reading import OrderAnswer, OrderedRead, RestingField, read_order
from resolvers.reads.recording import read_entry
from resolvers.registers.ssh_keys import SshError
from resolvers.registers.ssh_signatures import SshSignature
from resolvers.registers.staff import Member, holder_of
from store.database.store import Store
from store.lookups.customer_numbers import customer_with_number
from store.sql.ids import new_id
from store.tables.erasures import erasures
from store.tables.legal import legal_requests

CLIENT = "legal"
OFFICER = "OFFICER"
OPERATION = sha256(b"legal answer").hexdigest()
"""Stands in the ledger where other reads have the shape of their operation."""


class Legal:
    """Files requests that an officer signed, has a second one decide, and answers what was approved, once."""

    def __init__(
        self, store: Store, site: Site, fields: Mapping[str, RestingField], references: References = REFERENCES
    ) -> None:
        """`fields` are those of the schema that rest in a column, by coordinate: what an order can name."""
        self._store, self._site, self._fields, self._references = store, site, fields, references

    async def to_sign(self, new: NewRequest, now: datetime) -> str:
        """The text that the officer who files a request signs; nothing is noted."""
        new.check(frozenset(self._fields), now, self._references)
        return to_sign(new.reference, new.digest(await self._subject(new)))

    async def to_sign_again(self, reference: str) -> str:
        """The text that the second officer signs: the same one, from the register."""
        async with self._store.write() as connection:
            row = await self._row(connection, reference)
            return to_sign(row.reference, await self._digest(connection, row))

    async def file(self, new: NewRequest, signature: str, now: datetime) -> None:
        """Note a request that an officer signed; nothing is read. Somebody who is not held, or was erased, too."""
        new.check(frozenset(self._fields), now, self._references)
        digest = new.digest(await self._subject(new))
        number = new.customer_number
        owner = None if number is None else await customer_with_number(self._store, number)
        async with self._store.write() as connection:
            officer = await self._proven(connection, to_sign(new.reference, digest), signature, APPROVES)
            if (
                await connection.scalar(select(legal_requests.c.id).where(legal_requests.c.reference == new.reference))
                is not None
            ):
                raise LegalRequestError("A request with this reference was filed already.")
            row = {
                "id": new_id(),
                "customer_id": owner,
                "erasure_id": await self._erasure(connection, new.erasure),
                "reference": new.reference,
                "authority": new.authority.strip(),
                "country": new.country,
                "ground": new.ground.strip(),
                "fields": orjson.dumps(sorted(set(new.fields))).decode(),
                "period_from": new.period_from,
                "period_until": new.period_until,
                "embargoed_until": new.embargoed_until,
                "state": "FILED",
                "officer": officer.code,
                "filed_at": now,
                "digest": digest,
                "signature": signature,
            }
            await connection.execute(insert(legal_requests).values(row))

    async def approve(self, reference: str, signature: str, now: datetime) -> None:
        """A second officer approves, by a signature over the same digest."""
        await self._decide(reference, signature, APPROVES, {"state": "APPROVED"}, now)

    async def refuse(self, reference: str, signature: str, reason: str, now: datetime) -> None:
        """A second officer refuses; the refusal and its reason stay on record."""
        if not 1 <= len(reason.strip()) <= 200 or not reason.isprintable():
            raise LegalRequestError("Say why it binds nobody, in one line and without a word about the person.")
        change = {"state": "REFUSED", "reason": reason.strip()}
        await self._decide(reference, signature, REFUSES, change, now)

    async def _decide(
        self, reference: str, signature: str, meaning: str, change: Mapping[str, Any], now: datetime
    ) -> None:
        async with self._store.write() as connection:
            row = await self._row(connection, reference)
            if row.state != "FILED":
                raise LegalRequestError(f"This request is {row.state.lower()} already.")
            text = to_sign(row.reference, await self._digest(connection, row))
            first = await self._proven(connection, text, row.signature, APPROVES)
            second = await self._proven(connection, text, signature, meaning)
            _require_two(first, second)
            decided = {"second_officer": second.code, "second_signature": signature, "decided_at": now}
            await connection.execute(
                update(legal_requests).where(legal_requests.c.id == row.id).values({**change, **decided})
            )

    async def answer(self, reference: str, now: datetime) -> dict[str, Any]:
        """The values of the fields that the order names, of its period, and nothing else.

        1. two officers signed this very order, and both still hold their keys; 2. its fields are read through the
        guard, for its customer (`resolvers.legal.reading`); 3. the disclosure is committed, embargoed if the order says
        so, and else the letter to the customer with it; 4. the ledger entry is durable; 5. the answer leaves. About
        somebody who was erased the answer is the certificate, and about somebody who was never held that nothing is.
        """
        async with self._store.write() as connection:
            row = await self._row(connection, reference)
            await self._require_approval(connection, row)  # 1
            answered = {"state": "ANSWERED", "answered_at": now}
            read = await self._read(row, now)  # 2
            if read is None or read.key is None:
                await connection.execute(update(legal_requests).where(legal_requests.c.id == row.id).values(answered))
                return await self._nothing(connection, row)
            fields = tuple(read.values)
            await disclose(
                connection,
                read.key,
                recipient_kind=Recipient.AUTHORITY,
                recipient_name=row.authority,
                country=row.country,
                purpose=Purpose.LEGAL_REQUEST,
                legal_basis=LegalBasis.A6_1_C,
                coordinates=fields,
                trigger=Order(row.reference).trigger,
                now=now,
                embargoed_until=row.embargoed_until,
            )
            await connection.execute(update(legal_requests).where(legal_requests.c.id == row.id).values(answered))  # 3
            visible = row.embargoed_until is None or row.embargoed_until <= now
            if visible and row.told_at is None:
                await notify(connection, read.key, row, self._site, now)
        await self._record(row, read if visible else None, fields, now)  # 4
        return {"reference": row.reference, "authority": row.authority, "fields": read.values}  # 5

    async def _read(self, row: Any, now: datetime) -> OrderAnswer | None:
        """The values that the order names; None where it is about nobody who is held."""
        if row.customer_id is None:
            return None
        named = tuple(orjson.loads(row.fields))
        order = OrderedRead(row.customer_id, named, (row.period_from, row.period_until))
        return await read_order(self._store, self._fields, order, named, now)

    async def _record(self, row: Any, answer: OrderAnswer | None, fields: Sequence[str], now: datetime) -> None:
        """Under an embargo the entry names no subject, or `accesses` would tell the customer; the disclosure does on
        its day."""
        subjects = () if answer is None else answer.subjects
        purpose = Purpose.LEGAL_REQUEST
        entry = read_entry(CLIENT, purpose, row.reference, OPERATION, sorted(fields), subjects, now)
        await self._store.ledger.append(entry)

    async def listed(self) -> Sequence[Any]:
        """Every request, the newest first, refused ones too; nobody is named but officers by their codes."""
        columns = (
            legal_requests.c.reference,
            legal_requests.c.state,
            legal_requests.c.authority,
            legal_requests.c.fields,
            legal_requests.c.officer,
            legal_requests.c.second_officer,
            legal_requests.c.filed_at,
            legal_requests.c.reason,
            legal_requests.c.erasure_id,
            legal_requests.c.customer_id,
            legal_requests.c.told_at,
        )
        async with self._store.write() as connection:
            return (await connection.execute(select(*columns).order_by(legal_requests.c.id.desc()))).all()

    async def _require_approval(self, connection: AsyncConnection, row: Any) -> None:
        """The state alone proves nothing: both signatures are verified again, over what the row says now."""
        if row.state not in APPROVED:
            raise LegalRequestError("A second person has to approve it first: gateway legal approve.")
        text = to_sign(row.reference, await self._digest(connection, row))
        first = await self._proven(connection, text, row.signature, APPROVES)
        _require_two(first, await self._proven(connection, text, row.second_signature, APPROVES))

    async def _proven(self, connection: AsyncConnection, text: str, signature: str | None, meaning: str) -> Member:
        """The officer who signed; LegalRequestError when nobody who may did."""
        if signature is None:
            raise LegalRequestError(
                "Nobody signed this request: an older release filed it. File it again, by two officers."
            )
        try:
            found = SshSignature.read(signature)
            found.verify(text.encode(), self.namespace(meaning))
        except SshError as error:
            raise LegalRequestError(f"The signature proves nothing: {error}") from None
        holder = await holder_of(connection, found.key)
        if holder is None:
            raise LegalRequestError("Its key is nobody's who works here now: `gateway staff list` shows who does.")
        if holder.role != OFFICER:
            raise LegalRequestError(f"{holder.code} is no officer, and decides on no request of an authority.")
        return holder

    def namespace(self, meaning: str) -> str:
        """The namespace of a signature: its meaning and the gateway, as one for another gateway is worth nothing here.

        LegalRequestError while nobody has said which one this is.
        """
        if not self._site.host:
            raise LegalRequestError(
                "Set GATEWAY_ISSUER: officers sign for the gateway of this address, and for no other."
            )
        return f"{meaning}@{self._site.host}"

    async def _subject(self, new: NewRequest) -> str:
        if new.customer_number is None:
            return f"erasure:{new.erasure}"
        return self._named(await customer_with_number(self._store, new.customer_number))

    def _named(self, customer_id: int | None) -> str:
        """Of a number that is nobody's nothing is read: all of these are signed for alike."""
        if customer_id is None:
            return "customer:none"
        return f"customer:{self._store.keys.system.ids.lasting('Customer', customer_id, customer_id)}"

    async def _digest(self, connection: AsyncConnection, row: Any) -> bytes:
        """Of what the row says now; without a customer nothing can be read by it, and it is as it was signed."""
        if row.digest is None:
            raise LegalRequestError(
                "Nobody signed this request: an older release filed it. File it again, by two officers."
            )
        if row.customer_id is None:
            return bytes(row.digest)
        said = NewRequest(
            row.reference,
            row.authority,
            row.country,
            row.ground,
            tuple(orjson.loads(row.fields)),
            row.period_from,
            row.period_until,
            embargoed_until=row.embargoed_until,
        )
        return said.digest(self._named(row.customer_id))

    async def _erasure(self, connection: AsyncConnection, case: int | None) -> int | None:
        if case is None:
            return None
        done = select(erasures.c.id).where(
            erasures.c.id == case, erasures.c.state == "ERASED", erasures.c.certificate.is_not(None)
        )
        found: int | None = await connection.scalar(done)
        if found is None:
            raise LegalRequestError(
                "No such erasure was carried out: `gateway erasures list --all` shows those that were."
            )
        return found

    async def _nothing(self, connection: AsyncConnection, row: Any) -> dict[str, Any]:
        """The answer about somebody who is not held: a backup is never restored to give another one (R53)."""
        certificate = await connection.scalar(select(erasures.c.certificate).where(erasures.c.id == row.erasure_id))
        held = {"held": False, "erased": row.erasure_id is not None, "certificate": certificate}
        return {"reference": row.reference, "authority": row.authority, "fields": {}} | held

    async def _row(self, connection: AsyncConnection, reference: str) -> Any:
        found = select(legal_requests).where(legal_requests.c.reference == reference).with_for_update()
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            raise LegalRequestError("There is no request with this reference: `gateway legal list` shows them.")
        return row


def _require_two(first: Member, second: Member) -> None:
    if first.id == second.id:
        raise LegalRequestError("Somebody else than who filed it has to decide: it takes two persons.")
