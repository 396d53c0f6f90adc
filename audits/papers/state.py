"""Checks that the released notice and record are still true after changes of registers, settings, schema or policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from audits.papers import check as paper_check
from audits.papers import issued
from audits.papers.companies import companies
from audits.papers.controller import read_controller
from audits.papers.diff import paper_changes
from audits.papers.drafts import NOTICE, RECORD, Draft, notice_draft, record_draft
from audits.papers.inputs import Inputs
from audits.papers.issued import Issued
from audits.papers.registers import Registers, registers_of
from audits.papers.transfers import unguarded
from audits.schema.changes import SchemaChange
from audits.schema.checks import Check, Finding
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from audits.schema.sources import Text
from store.sql.reading import Reader

STORE = SourcePosition("store")


@dataclass(frozen=True, slots=True)
class PaperState:
    """The state of one kind of paper: the version in force, the newest one, and deviations from them."""

    kind: str
    held: Issued | None
    newest: Issued | None
    changes: tuple[SchemaChange, ...]
    """Changes since the version in force."""
    findings: tuple[Finding, ...]


async def paper_states(
    reader: Reader,
    facts: Facts,
    schema: Text,
    periods: Mapping[str, str | None] | None,
    controller: Text | None,
    day: date,
    ledger: Reader | None = None,
) -> list[PaperState]:
    """Return the states of both kinds; without a controller's file, that of the newest release is used.

    With the ledger every version is verified first; altered papers are not compared with the present.
    """
    registers, found = await registers_of(reader, periods), []
    for kind in (NOTICE, RECORD):
        altered = [] if ledger is None else await paper_check.altered(reader, ledger, kind)
        if altered:
            findings = tuple(Finding(Check.PAPER_ALTERED, each, kind, STORE) for each in altered)
            found.append(PaperState(kind, None, None, (), findings))
        else:
            found.append(await _state(reader, kind, facts, schema, registers, controller, day))
    return found


async def _state(
    reader: Reader,
    kind: str,
    facts: Facts,
    schema: Text,
    registers: Registers,
    controller: Text | None,
    day: date,
) -> PaperState:
    newest = await issued.latest(reader, kind)
    if newest is None:
        message = f"No {kind.lower()} was released: nothing says what holds."
        return PaperState(kind, None, None, (), (Finding(Check.PAPER_MISSING, message, kind, STORE),))
    held = await issued.in_force(reader, kind, day) or newest
    # Before the first version is in force, the coming one is compared.
    was = await issued.inputs_of(reader, held)
    last = was if newest == held else await issued.inputs_of(reader, newest)
    text = controller or Text(f"controller of {newest.named}", last.controller)
    made, found = _drafted(kind, facts, registers, text)
    changes = paper_changes(was, Inputs.now(schema, registers, text))
    if held.substance != made.substance:
        found += _untrue(held, newest, changes, made)
    in_force = held if held.day <= day else None
    return PaperState(kind, in_force, newest, tuple(changes), tuple(found))


def _drafted(kind: str, facts: Facts, registers: Registers, text: Text) -> tuple[Draft, list[Finding]]:
    """Make the present draft, and findings for countries without a safeguard."""
    own = read_controller(text)
    found = [
        Finding(Check.TRANSFER_UNGUARDED, f"The {kind.lower()}: {each}", f"{each.recipient.name} {each.country}",
                SourcePosition(text.name))
        for each in unguarded(own, companies(facts, registers))
    ]  # fmt: skip
    make = notice_draft if kind == NOTICE else record_draft
    return make(facts, registers, own), found


def _untrue(held: Issued, newest: Issued, changes: list[SchemaChange], made: Draft) -> Iterator[Finding]:
    """Yield one finding for each change; if a version that is not yet in force contains it, a warning with its day."""
    said = newest.substance == made.substance
    check = Check.PAPER_BEHIND if said else Check.PAPER_OUTDATED
    later = f" {newest.named.capitalize()}, says it." if said else ""
    for each in dict.fromkeys(f"{change.message}." for change in changes):
        yield Finding(check, f"Not in {held.named}: {each}{later}", held.kind, STORE)
    if not changes:
        message = f"{held.named.capitalize()}, tells the same facts in other words than this release of the gateway."
        yield Finding(Check.PAPER_WORDS, message, held.kind, STORE)
