"""The released papers: the version in force on a day, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Select, bindparam, select

from audits.papers.drafts import SEALED, digest_of
from audits.papers.inputs import Inputs
from audits.schema.sources import UnreadableError
from store.registers.papers import paper_forms, papers
from store.sql.metadata import instant
from store.sql.reading import Reader

COLUMNS = (
    papers.c.id,
    papers.c.kind,
    papers.c.version,
    papers.c.valid_from,
    papers.c.issued_at,
    papers.c.loosens,
    papers.c.substance,
    papers.c.digest,
)


class NoneReleasedError(UnreadableError):
    """No paper was in force on that day."""


class PaperAlteredError(UnreadableError):
    """The stored paper differs from the released one: the message says which version, and what to do."""


@dataclass(frozen=True, slots=True)
class Issued:
    """One version of a notice or record."""

    id: int
    kind: str
    version: int
    day: date
    """The day from which it is in force."""
    at: datetime
    loosens: tuple[str, ...]
    substance: bytes
    digest: bytes

    @property
    def named(self) -> str:
        """The version in words."""
        return f"version {self.version} of the {self.kind.lower()}, which holds from {self.day}"


async def latest(reader: Reader, kind: str) -> Issued | None:
    """Return the newest version, also one that is not in force yet."""
    found = await _issued(reader, _newest().limit(1), {"kind": kind})
    return found[0] if found else None


async def versions(reader: Reader, kind: str) -> list[Issued]:
    """Return all versions, the first one first."""
    return await _issued(reader, _newest(first=True), {"kind": kind})


async def in_force(reader: Reader, kind: str, day: date) -> Issued | None:
    """Return the version in force on a day: the highest of those that began by then."""
    # Of several versions for one day the highest one counts: it corrects the others.
    query = _newest().where(papers.c.valid_from <= bindparam("day")).limit(1)
    found = await _issued(reader, query, {"kind": kind, "day": f"{day}"})
    return found[0] if found else None


async def held_on(reader: Reader, kind: str, day: date) -> Issued:
    """Return the version in force on a day; NoneReleasedError, with the first version, if there is none."""
    found = await in_force(reader, kind, day)
    if found is not None:
        return found
    earliest = await _issued(reader, _newest(first=True).limit(1), {"kind": kind})
    if not earliest:
        raise NoneReleasedError(
            f"No {kind.lower()} was released yet: `gateway audit release {kind.lower()}` releases one."
        )
    raise NoneReleasedError(f"No {kind.lower()} held on {day}: the first is {earliest[0].named}.")


async def forms_of(reader: Reader, paper: Issued) -> dict[tuple[str, str], str]:
    """Return every form by language and name; PaperAlteredError when the SHA-256 differs."""
    given = {"paper": paper.id}
    query = select(paper_forms.c.language, paper_forms.c.form, paper_forms.c.content).where(
        paper_forms.c.paper_id == bindparam("paper", type_=paper_forms.c.paper_id.type)
    )
    rows = await reader.fetch(reader.prepare(query), given)
    forms: dict[tuple[str, str], str] = {(each, name): content for each, name, content in rows}
    whole = select(*(papers.c[name] for name in SEALED)).where(
        papers.c.id == bindparam("paper", type_=papers.c.id.type)
    )
    sealed = [dict(zip(SEALED, row, strict=True)) for row in await reader.fetch(reader.prepare(whole), given)]
    # Also when the row is gone, since the list is empty then.
    if [digest_of(forms, row | {"issued_at": instant(row["issued_at"])}) for row in sealed] != [paper.digest]:
        raise PaperAlteredError(
            f"{paper.named.capitalize()}, was changed in the database after its release: its SHA-256 is not"
            f" {paper.digest.hex()} any more. Restore the tables papers and paper_forms from a backup."
        )
    return forms


async def form_of(reader: Reader, paper: Issued, language: str, form: str) -> str:
    """Return the text of one form; PaperAlteredError when the stored paper differs from the released one.

    Call `audits.papers.check.require_released` first, which compares the SHA-256 with the ledger.
    """
    forms = await forms_of(reader, paper)
    if (language, form) not in forms:
        listed = ", ".join(sorted({each for each, _ in forms}))
        raise UnreadableError(f"{paper.named.capitalize()}, has no {form} in {language}. Its languages are: {listed}.")
    return forms[language, form]


async def inputs_of(reader: Reader, paper: Issued) -> Inputs:
    """Return the inputs of a released paper."""
    query = select(papers.c.inputs).where(papers.c.id == bindparam("paper", type_=papers.c.id.type))
    ((resting,),) = await reader.fetch(reader.prepare(query), {"paper": paper.id})
    try:
        return Inputs.of(resting)
    except (TypeError, ValueError):
        raise PaperAlteredError(f"What {paper.named}, was made from cannot be read: it was changed.") from None


def _newest(first: bool = False) -> Select[Any]:
    order = papers.c.version if first else papers.c.version.desc()
    return select(*COLUMNS).where(papers.c.kind == bindparam("kind")).order_by(order)


async def _issued(reader: Reader, query: Select[Any], given: dict[str, Any]) -> list[Issued]:
    return [_read(*row) for row in await reader.fetch(reader.prepare(query), given)]


def _read(
    id_: int, kind: str, version: int, day: str, at: Any, loosens: str, substance: bytes, digest: bytes
) -> Issued:
    try:
        began, said = date.fromisoformat(day), tuple(orjson.loads(loosens))
    except (TypeError, ValueError):
        raise PaperAlteredError(
            f"Version {version} of the {kind.lower()} cannot be read: its row in the table papers was changed."
            " Restore it from a backup."
        ) from None
    return Issued(id_, kind, version, began, instant(at), said, bytes(substance), bytes(digest))
