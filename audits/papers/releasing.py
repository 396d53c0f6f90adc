"""Releasing a notice or a record: what it changes is judged, signed off where it loosens, and written to the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from audits.papers import issued
from audits.papers.diff import paper_changes
from audits.papers.drafts import Draft, Stamp, digest_of
from audits.papers.inputs import Inputs
from audits.papers.issued import Issued
from audits.schema.changes import Direction, SchemaChange
from audits.schema.diff import loosening
from audits.schema.signoffs import SignOffs, proposed
from store.accesses.acts import ActEntry, entry_of
from store.database.store import Store
from store.ledger.entries import RELEASED
from store.ledger.resuming import ReasonRefusedError, check_reason
from store.registers.papers import paper_forms, papers
from store.sql.ids import new_id

MEANWHILE = "Somebody else has released a version meanwhile: look at it, and begin anew."
NAMED = 20
"""Changes that the ledger names one by one; how many there are it says in any case."""


class PaperRefusedError(Exception):
    """The paper cannot be released as asked; the text says why, and how to go on."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release as it is asked for: the draft, its first day, the reason, and the people."""

    draft: Draft
    inputs: Inputs
    day: date
    """From when it holds."""
    reason: str
    act: str
    """The id of the operator's act."""
    operator: str
    """The operator's pseudonym."""
    staff: str | None
    """The code of whoever releases it."""


class Papers:
    """Keeps every version for ever: nothing of a released paper is changed again."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def release(self, asked: Release, signed: SignOffs, now: datetime, today: date) -> Issued:
        """Release the next version; PaperRefusedError where the day, the reason or a sign-off is wanting.

        1. it is compared with the version before; 2. what loosens is signed off; 3. its row and its forms are written,
        and 4. the entry in the ledger is durable before they are committed: who, why, and what it loosens.
        """
        reason = _reason(asked.reason)
        last = await issued.latest(self._store.reader, asked.draft.kind)
        _require_day(asked.day, today, last)
        changes = await self._changes(asked, last)  # 1
        judged = signed.changes(changes)
        _require_signatures(judged)  # 2
        version = 1 if last is None else last.version + 1
        forms = asked.draft.forms(Stamp(version, asked.day, today))
        loosens = tuple(dict.fromkeys(each.message for each in judged if each.kind.direction is Direction.LOOSENS))
        row = {
            "kind": asked.draft.kind, "version": version, "valid_from": f"{asked.day}", "issued_at": now,
            "operator": asked.operator, "staff": asked.staff, "reason": reason, "sign_offs": _signed(signed),
            "loosens": orjson.dumps(loosens).decode(), "inputs": asked.inputs.written(),
            "substance": asked.draft.substance,
        }  # fmt: skip
        digest, id_ = digest_of(forms, row), new_id()
        made = Issued(id_, asked.draft.kind, version, asked.day, now, loosens, asked.draft.substance, digest)
        await self._write(
            row | {"id": id_, "digest": digest}, forms, self._entry(asked, made, judged, reason, now)
        )  # 3, 4
        return made

    async def changes(self, kind: str, inputs: Inputs) -> list[SchemaChange] | None:
        """The changes against the newest version; None where none was released."""
        last = await issued.latest(self._store.reader, kind)
        return None if last is None else paper_changes(await issued.inputs_of(self._store.reader, last), inputs)

    async def _changes(self, asked: Release, last: Issued | None) -> list[SchemaChange]:
        if last is None:
            return []
        found = paper_changes(await issued.inputs_of(self._store.reader, last), asked.inputs)
        if not found and last.substance == asked.draft.substance:
            raise PaperRefusedError(f"It says what {last.named} says already: there is nothing to release.")
        return found

    async def _write(self, row: Mapping[str, object], forms: Mapping[tuple[str, str], str], entry: ActEntry) -> None:
        parts = [
            {"paper_id": row["id"], "language": language, "form": form, "content": content}
            for (language, form), content in forms.items()
        ]
        async with self._store.write() as connection:
            newest = select(func.max(papers.c.version)).where(papers.c.kind == row["kind"])
            if (await connection.scalar(newest) or 0) != int(str(row["version"])) - 1:
                raise PaperRefusedError(MEANWHILE)
            try:
                await connection.execute(insert(papers).values(row))
            except IntegrityError:  # Of two at once PostgreSQL has the second wait here for what became of the first.
                raise PaperRefusedError(MEANWHILE) from None
            await connection.execute(insert(paper_forms), parts)
            await self._store.ledger.append(entry_of(entry))

    def _entry(self, asked: Release, made: Issued, judged: list[SchemaChange], reason: str, now: datetime) -> ActEntry:
        """The entry of the ledger: it names nobody, and each loosening by its coordinate and kind."""
        loose = [each for each in judged if each.kind.direction is Direction.LOOSENS]
        named = tuple(dict.fromkeys(f"loosens={each.kind.id} {each.coordinate}" for each in loose))
        details = (
            f"kind={made.kind}", f"version={made.version}", f"sha256={made.digest.hex()}", f"from={made.day}",
            f"because={reason}", f"loosenings={len(loose)}", *named[:NAMED],
        )  # fmt: skip
        target = f"{made.kind} {made.version}"
        return ActEntry(asked.act, now, "audit release", RELEASED, asked.operator, asked.staff, target, details)


def _reason(text: str) -> str:
    try:
        return check_reason(text)
    except ReasonRefusedError as refused:
        raise PaperRefusedError(str(refused)) from None


def _require_day(day: date, today: date, last: Issued | None) -> None:
    """A version holds from a day that has not begun; one that was announced is not overtaken.

    Versions hold in their order: so the version before, with which each is compared, is the one in force until it
    begins, and what was signed off for a day begins on no earlier one.
    """
    if last is not None and day < last.day:
        raise PaperRefusedError(
            f"{last.named.capitalize()}, was announced already, and what it changes was decided for that day: a later"
            f" version cannot begin before it. Release this one from {last.day} or later; from {last.day} it takes the"
            " place of that version."
        )
    if day > today or (last is None and day == today):
        return
    allowed = "today or later" if last is None else "tomorrow or later"
    raise PaperRefusedError(f"It can hold from {allowed}: what held before stays as it was told. Today is {today}.")


def _require_signatures(judged: list[SchemaChange]) -> None:
    if open_ := loosening(judged):
        raise PaperRefusedError(
            f"{len(open_)} of {len(judged)} changes loosen the protection of personal data and are not signed off. "
            f"Whoever may decide fills in who and why; then: --accept FILE\n\n{proposed(open_)}"
        )


def _signed(signed: SignOffs) -> str | None:
    used = [each for each in signed.given if each in signed.used]
    if not used:
        return None
    names = ("coordinate", "change", "value", "who", "why")
    return orjson.dumps([{name: getattr(each, name) for name in names} for each in used]).decode()
