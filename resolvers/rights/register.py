"""The register of requests in the hands of staff: received, verified, carried out or refused, in time (GDPR Art. 12).

```
          verify              carry out, answer
RECEIVED ────────▶ VERIFIED ────────────────────▶ ACCEPTED
   │ ▲                │ ▲
   ▼ │ resume         ▼ │ resume       each of the three: refuse ──▶ REFUSED, withdraw ──▶ WITHDRAWN
  PAUSED ◀──── pause ───┘
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Column, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.catalogue import translate
from policy.purposes import Purpose
from policy.requests import OPEN, RequestKind, RequestState, RequestWay, request_due
from policy.restricting import Ground, ObjectionOutcome, instead, objection_to
from resolvers.commands.context import Behalf, CommandContext, Result
from resolvers.commands.dependencies import SignInDependencies
from resolvers.consents.preferences import set_product_news
from resolvers.consents.processing_stops import ActingParty, locked
from resolvers.customers.profile import ADDRESSES, NAME, update_profile
from resolvers.emails.emails import reader_of, write
from resolvers.emails.requests import RequestEmail
from resolvers.events.requests import settle_request
from resolvers.legal.orders import is_order_number
from resolvers.registers.staff import Member, StaffError
from resolvers.registers.staff_signatures import signer_of
from resolvers.restriction.by_staff import RightsError, checked
from resolvers.restriction.restrictions import object_, restrict
from resolvers.rights.requests import DataRights, on_behalf_of
from resolvers.signin.sessions import end_where
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.customer_numbers import key_with_number
from store.sql.ids import new_id
from store.sql.metadata import instant, instant_text
from store.tables.customers import customers
from store.tables.requests import rights_requests

MOST = 1_000
NAMESPACE = "rights-request"
"""Of the signatures of staff: one over a request proves nothing about anything else."""
R = rights_requests.c
OPEN_STATES = tuple(state.name for state in OPEN)
NOBODY = "There is no customer with this number."


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """The result of an act: problems as the API tells them, and nothing else was done then."""

    state: RequestState
    problems: tuple[str, ...] = ()


class RequestRegister:
    """Requests by the number of the row. Each change is refused with RightsError, which names no person."""

    def __init__(self, store: Store, dependencies: SignInDependencies, staff: str | None) -> None:
        """`staff` is the code of the operator, as far as one was given."""
        self._store, self._dependencies, self._staff = store, dependencies, staff
        self._site = dependencies.site

    async def open(
        self,
        number: str,
        kind: RequestKind,
        way: RequestWay,
        reference: str,
        now: datetime,
        *,
        asked: datetime | None = None,
        purpose: Purpose | None = None,
    ) -> int:
        """Record a request that came by letter or by telephone; returns its number. The customer is written to.

        The month counts from the day on which it came (`asked`), not from the one on which it is recorded.
        """
        self._check_new(kind, reference, asked or now, now, purpose)
        key, id_ = await self._key(number), new_id()
        due = request_due(asked or now, self._site.zone)
        row = {
            "id": id_,
            "customer_id": key.customer_id,
            "kind": kind.name,
            "state": RequestState.RECEIVED.name,
            "way": way.name,
            "reference": reference,
            "purpose": None if purpose is None else purpose.name,
            "asked_at": asked or now,
            "answer_by": due,
            "opened_by": self._staff,
        }
        async with self._store.write() as connection:
            if not await locked(connection, key.customer_id):
                raise RightsError(NOBODY)
            await connection.execute(insert(rights_requests).values(row))
            await self._write(connection, key, kind, RequestEmail.RECEIVED, now, due=due)
        return id_

    def _check_new(
        self, kind: RequestKind, reference: str, asked: datetime, now: datetime, purpose: Purpose | None
    ) -> None:
        if not is_order_number(reference):
            raise RightsError("A reference is the number of the case, such as REQ-12, and names nobody.")
        if asked > now:
            raise RightsError("A request came today, or before.")
        if (purpose is None) is (kind is RequestKind.OBJECTION):
            raise RightsError("An objection names its purpose, and no other request has one.")
        if purpose is not None and objection_to(purpose) is ObjectionOutcome.NONE:
            raise RightsError(f"There is no objection to {purpose.name}. {instead(purpose)}")

    async def verify(self, id_: int, how: str, now: datetime, signature: str | None = None) -> None:
        """Record how it was verified who asks; for a copy and an erasure the one who verified signs the request."""
        said = checked(how)
        async with self._store.write() as connection:
            row, key = await self._open_row(connection, id_, (RequestState.RECEIVED,))
            signer = await self._signer(connection, row, signature)
            values: dict[str, Any] = {"state": RequestState.VERIFIED.name, "verified_at": now}
            values["identified"] = _sealed(key, id_, "identified", said)
            values |= {"verified_by": self._staff if signer is None else signer.code, "signature": signature}
            await self._change(connection, row, values)

    async def pause(self, id_: int, because: str, now: datetime) -> None:
        """Wait for something of the person, such as a proof of who they are: the time stands still (Art. 12(6))."""
        said = checked(because)
        async with self._store.write() as connection:
            row, key = await self._open_row(connection, id_, (RequestState.RECEIVED, RequestState.VERIFIED))
            values = {
                "state": RequestState.PAUSED.name,
                "paused_at": now,
                "because": _sealed(key, id_, "because", said),
            }
            await self._change(connection, row, values)
            await self._write(connection, key, RequestKind[row.kind], RequestEmail.PAUSED, now, because=said)

    async def resume(self, id_: int, now: datetime) -> None:
        """Go on: the person answered. The deadline moves by the time that was waited."""
        async with self._store.write() as connection:
            row, _ = await self._open_row(connection, id_, (RequestState.PAUSED,))
            waited = row.paused_seconds + max(0, int((now - row.paused_at).total_seconds()))
            state = RequestState.RECEIVED if row.verified_at is None else RequestState.VERIFIED
            due = self._due(row, row.extended_at is not None, waited)
            values = {"state": state.name, "paused_at": None, "paused_seconds": waited, "answer_by": due}
            await self._change(connection, row, values | {"because": None})

    async def extend(self, id_: int, because: str, now: datetime) -> datetime:
        """Take two further months, and tell the person why within the first (Art. 12(3)); returns the new deadline."""
        said = checked(because)
        async with self._store.write() as connection:
            row, key = await self._open_row(connection, id_, OPEN)
            if row.extended_at is not None:
                raise RightsError("It was extended already, and that is possible once (Art. 12(3)).")
            if now > row.answer_by:
                raise RightsError("Its month is over: whoever extends it has to tell why within it (Art. 12(3)).")
            due = self._due(row, True, row.paused_seconds)
            values = {"extended_at": now, "answer_by": due, "because": _sealed(key, id_, "because", said)}
            await self._change(connection, row, values)
            await self._write(connection, key, RequestKind[row.kind], RequestEmail.EXTENDED, now, because=said, due=due)
            return due

    async def refuse(self, id_: int, because: str, now: datetime) -> None:
        """Refuse it, and write why, with the complaint and the remedy that the person has (Art. 12(4))."""
        await self._close(id_, RequestState.REFUSED, RequestEmail.DECLINED, checked(because), now)

    async def withdraw(self, id_: int, now: datetime) -> None:
        """Record that the person took it back."""
        await self._close(id_, RequestState.WITHDRAWN, None, None, now)

    async def answer(self, id_: int, text: str, now: datetime) -> None:
        """Answer a question, or tell what was corrected: the text is written to the person."""
        said = checked(text)
        async with self._store.write() as connection:
            row, _ = await self._open_row(connection, id_, (RequestState.RECEIVED, RequestState.VERIFIED))
        if RequestKind[row.kind] not in (RequestKind.QUESTION, RequestKind.CORRECTION):
            raise RightsError("This request is carried out, not answered: `gateway requests carry-out`.")
        if row.verified_at is None:
            raise RightsError(UNVERIFIED)
        await self._close(id_, RequestState.ACCEPTED, RequestEmail.ANSWERED, said, now)

    async def correct(
        self, id_: int, given: Mapping[str, Any], text: str, now: datetime, columns: Mapping[str, Column[Any]]
    ) -> CarriedOut:
        """Correct the customer's profile as they asked, by the command of the client area, and write to them (Art. 16).

        `given` are the fields of `UpdateProfileInput`, and `columns` those that hold one text, by name. Problems are
        those of the command: nothing was changed then. Repeated after a crash it changes nothing more, and is settled.
        """
        said = checked(text)
        async with self._store.write() as connection:
            row, _ = await self._open_row(connection, id_, (RequestState.RECEIVED, RequestState.VERIFIED))
        if row.kind != RequestKind.CORRECTION.name:
            raise RightsError("This request asks for no correction.")
        if row.verified_at is None:
            raise RightsError(UNVERIFIED)
        names = {*columns, *NAME, *ADDRESSES}
        if unknown := sorted(given.keys() - names):
            # Without the name that was given: a value may have slipped into its place.
            raise RightsError(
                f"{len(unknown)} of the fields cannot be corrected here; there are {', '.join(sorted(names))}."
            )
        texts = [each for each in given.values() if not isinstance(each, dict)]
        texts += [part for each in given.values() if isinstance(each, dict) for part in each.values()]
        shaped = all(each is None or isinstance(each, dict) for name, each in given.items() if name in ADDRESSES)
        if not given or not shaped or not all(each is None or isinstance(each, str) for each in texts):
            raise RightsError("Say what is corrected: each field is a text or null, and an address has parts.")
        context = on_behalf_of(self._store, self._dependencies, row.customer_id, self._behalf(row), now)
        result = await update_profile(columns, context, given)
        if result.problems:
            return CarriedOut(RequestState[row.state], tuple(str(each.message) for each in result.problems))
        await self._close(id_, RequestState.ACCEPTED, RequestEmail.ANSWERED, said, now)
        return CarriedOut(RequestState.ACCEPTED)

    def _behalf(self, row: Any, by: str | None = None) -> Behalf:
        because = f"{row.way.lower().replace('_', ' ')}, {row.reference or 'no reference'}"
        return Behalf(by or self._staff or "", because, row.id)

    async def _close(
        self, id_: int, state: RequestState, email: RequestEmail | None, because: str | None, now: datetime
    ) -> None:
        async with self._store.write() as connection:
            row, key = await self._open_row(connection, id_, OPEN)
            values: dict[str, Any] = {"state": state.name, "answered_at": now, "answered_by": self._staff}
            values |= {"paused_at": None}
            if because is not None:
                values["because"] = _sealed(key, id_, "because", because)
            await self._change(connection, row, values)
            if email is not None and because is not None:
                await self._write(connection, key, RequestKind[row.kind], email, now, because=because)

    async def carry_out(
        self,
        id_: int,
        now: datetime,
        *,
        signature: str | None = None,
        ground: Ground | None = None,
        when_services_end: bool = False,
    ) -> CarriedOut:
        """Do what was asked for, by the commands of the client area; the request is the same object there and here.

        1. who asks was verified; 2. for a copy and an erasure somebody else than who verified signs, and both still
        hold their keys; 3. the command runs, and settles the request in its own transaction.
        """
        async with self._store.write() as connection:
            row, key = await self._open_row(connection, id_, (RequestState.RECEIVED, RequestState.VERIFIED))
            if row.verified_at is None:  # 1
                raise RightsError(UNVERIFIED)
            signer = await self._two(connection, row, signature)  # 2
            by = self._staff if signer is None else signer.code
            await self._change(connection, row, {"answered_by": by, "second_signature": signature})
        kind = RequestKind[row.kind]
        result = await self._act(row, key, by or "", now, ground, when_services_end)  # 3
        async with self._store.write() as connection:
            state = await connection.scalar(select(R.state).where(R.id == id_))
        problems = () if result is None else tuple(str(each.message) for each in result.problems)
        if state is None or (problems and kind is not RequestKind.ERASURE):
            return CarriedOut(RequestState[row.state], problems or (NOBODY,))
        return CarriedOut(RequestState[state], problems)

    async def _act(
        self, row: Any, key: SubjectKey, by: str, now: datetime, ground: Ground | None, when_services_end: bool
    ) -> Result | None:
        kind = RequestKind[row.kind]
        context = on_behalf_of(self._store, self._dependencies, row.customer_id, self._behalf(row, by), now)
        party = ActingParty("STAFF", by or None, row.reference, row.id)
        match kind:
            case RequestKind.COPY:
                return await DataRights(context).export({})
            case RequestKind.ERASURE:
                return await DataRights(context).erase({"whenServicesEnd": when_services_end})
            case RequestKind.OPT_OUT:
                return await set_product_news(context, {"wanted": False})
            case RequestKind.RESTRICTION if ground is None:
                raise RightsError("A restriction stands on a ground of Art. 18(1): say --ground.")
            case RequestKind.RESTRICTION | RequestKind.OBJECTION | RequestKind.SIGN_OUT:
                await self._switch(kind, row, key, context, party, ground, now)
                return None
        raise RightsError("This request is answered, not carried out: `gateway requests answer`.")

    async def _switch(
        self,
        kind: RequestKind,
        row: Any,
        key: SubjectKey,
        context: CommandContext,
        party: ActingParty,
        ground: Ground | None,
        now: datetime,
    ) -> None:
        async with self._store.write() as connection:
            if not await locked(connection, key.customer_id):
                raise RightsError(NOBODY)
            if kind is RequestKind.OBJECTION:
                await object_(connection, context, key, Purpose[row.purpose], party)
            elif kind is RequestKind.RESTRICTION and ground is not None:
                await restrict(connection, self._site, key, ground, party, now)
            elif kind is RequestKind.SIGN_OUT:
                await end_where(connection, key.customer_id, [], now)
            # Also where it stood already, so that nothing was changed: what was asked for is so.
            await settle_request(
                connection, key.customer_id, kind, RequestState.ACCEPTED, now, self._site.zone, request=row.id
            )

    async def listed(self, every: bool) -> list[tuple[str, Any]]:
        """Those that are open, the earliest deadline first; with `every` all, the newest first. By customer number."""
        query = select(rights_requests, customers.c.customer_number).join(customers, customers.c.id == R.customer_id)
        query = (
            query.order_by(R.id.desc()) if every else query.where(R.state.in_(OPEN_STATES)).order_by(R.answer_by, R.id)
        )
        async with self._store.write() as connection:
            rows = (await connection.execute(query.limit(MOST))).all()
        keys = await self._store.keys.subjects([row.customer_id for row in rows])
        return [
            (key.open(customers.c.customer_number, row.customer_id, row.customer_number).decode(), row)
            for key, row in zip(keys, rows, strict=True)
            if key is not None
        ]

    async def shown(self, id_: int) -> Mapping[str, Any]:
        """One request with its texts, for whoever works on it."""
        async with self._store.write() as connection:
            row, key = await self._row(connection, id_)
        texts = {
            name: None if (there := getattr(row, name)) is None else key.open(R[name], id_, there).decode()
            for name in ("said", "identified", "because")
        }
        plain = ("kind", "state", "way", "reference", "purpose", "entry", "asked_at", "answer_by", "extended_at",
                 "paused_at", "verified_at", "verified_by", "answered_at", "answered_by", "result_id")  # fmt: skip
        return {name: getattr(row, name) for name in plain} | texts

    async def subject_of(self, id_: int) -> int:
        """The customer whom a request is of."""
        async with self._store.write() as connection:
            row, _ = await self._row(connection, id_)
        return int(row.customer_id)

    async def to_sign(self, id_: int) -> str:
        """The text that two persons sign for a copy or an erasure."""
        async with self._store.write() as connection:
            row, _ = await self._open_row(connection, id_, OPEN)
        return self._text(row)

    def namespace(self) -> str:
        """The namespace of signatures, which names this gateway; RightsError while nobody has said which one it is."""
        if not self._site.host:
            raise RightsError("Set GATEWAY_ISSUER: staff sign for the gateway of this address, and for no other.")
        return f"{NAMESPACE}@{self._site.host}"

    def _text(self, row: Any) -> str:
        """The text names the request and its customer by their ids outside: no hash of what can be guessed."""
        lasting = self._store.keys.system.ids.lasting
        named = {
            "request": lasting("RightsRequest", row.customer_id, row.id),
            "customer": lasting("Customer", row.customer_id, row.customer_id),
            "kind": row.kind,
            "asked": instant_text(row.asked_at),
        }
        digest = sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return f"gateway rights request\n{row.id} {row.kind}\nsha256:{digest}\n"

    async def _signer(self, connection: AsyncConnection, row: Any, signature: str | None) -> Member | None:
        """The member of staff who signed; None where no signature is needed and none was given."""
        if signature is None:
            if RequestKind[row.kind].needs_two:
                raise RightsError("It takes two persons: sign what `gateway requests digest` prints.")
            return None
        try:
            signer = await signer_of(connection, self._text(row), signature, self.namespace())
        except StaffError as error:
            raise RightsError(str(error)) from None
        if signer.role == "AUDITOR":
            raise RightsError(f"{signer.code} only reads, and carries out no request.")
        return signer

    async def _two(self, connection: AsyncConnection, row: Any, signature: str | None) -> Member | None:
        second = await self._signer(connection, row, signature)
        if second is None or not RequestKind[row.kind].needs_two:
            return second
        # Verified again: the state alone, or a row that was changed since, opens nothing.
        first = await self._signer(connection, row, row.signature)
        if first is None or first.id == second.id:
            raise RightsError("Somebody else than who verified it has to carry it out: it takes two persons.")
        return second

    def _due(self, row: Any, extended: bool, waited: int) -> datetime:
        return request_due(row.asked_at, self._site.zone, extended=extended, paused=timedelta(seconds=waited))

    async def _row(self, connection: AsyncConnection, id_: int) -> tuple[Any, SubjectKey]:
        row = (await connection.execute(select(rights_requests).where(R.id == id_).with_for_update())).one_or_none()
        (key,) = (None,) if row is None else await self._store.keys.subjects([row.customer_id])
        if row is None or key is None:
            raise RightsError("There is no such request: `gateway requests list --all` shows them.")
        return row, key

    async def _open_row(
        self, connection: AsyncConnection, id_: int, states: Sequence[RequestState]
    ) -> tuple[Any, SubjectKey]:
        row, key = await self._row(connection, id_)
        if RequestState[row.state] not in states:
            raise RightsError(f"This request is {row.state.lower()}: {RequestState[row.state].text}")
        return row, key

    async def _change(self, connection: AsyncConnection, row: Any, values: Mapping[str, Any]) -> None:
        await connection.execute(update(rights_requests).where(R.id == row.id).values(values))

    async def _write(
        self,
        connection: AsyncConnection,
        key: SubjectKey,
        kind: RequestKind,
        email: RequestEmail,
        now: datetime,
        **facts: str | datetime,
    ) -> None:
        reader = await reader_of(connection, key)
        words = translate(kind.text, "en" if reader is None else reader.language)
        # Without void_at a letter would be dropped at the date that it names.
        await write(connection, key, self._site, email, now, now + timedelta(days=90), kind=words, **facts)

    async def _key(self, number: str) -> SubjectKey:
        key = await key_with_number(self._store, number)
        if key is None:
            raise RightsError(NOBODY)
        return key


UNVERIFIED = "Who asks is not verified yet: `gateway requests verify`."


def _sealed(key: SubjectKey, id_: int, column: str, text: str) -> bytes:
    return bytes(key.seal(R[column], id_, text.encode()))


async def requests_backlog(store: Store, now: datetime) -> tuple[int, int]:
    """The requests that wait for an answer, and those whose deadline has passed (Art. 12(3))."""
    waits: Any = select(func.count(), func.min(R.answer_by)).where(R.state.in_(OPEN_STATES))
    ((waiting, first),) = await store.reader.fetch(store.reader.prepare(waits), {})
    if first is None or instant(first) >= now:
        return int(waiting), 0
    late = select(func.count()).where(R.state.in_(OPEN_STATES), R.answer_by < now)
    async with store.write() as connection:
        return int(waiting), int(await connection.scalar(late) or 0)
