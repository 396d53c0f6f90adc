"""Compares two versions of a paper by their meaning for people: changes of the schema and of the registers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from audits.papers.inputs import Inputs
from audits.schema.changes import ChangeKind, SchemaChange
from audits.schema.diff import diff
from audits.schema.places import SourcePosition
from policy.registries import Publishing

REGISTERS, CONTROLLER, POLICY = SourcePosition("registers"), SourcePosition("controller"), SourcePosition("policy")
OPENNESS: Final = [Publishing.NEVER.name, Publishing.OPT_IN.name, Publishing.HIDEABLE.name, Publishing.ALWAYS.name]
"""The publication rules, from the most to the least protective."""
SECONDS: Final = {"S": 1, "H": 3_600, "D": 86_400, "M": 30 * 86_400, "Y": 365 * 86_400}
Data = Mapping[str, Any]


def paper_changes(old: Inputs, new: Inputs) -> list[SchemaChange]:
    """Return every change between the inputs of two papers; empty for equal content."""
    found = [] if old.schema == new.schema else diff(old.facts(), new.facts())
    return [
        *found,
        *_companies(old.registers, new.registers),
        *_registries(old.registers["registries"], new.registers["registries"]),
        *_copies(old.registers["copies"], new.registers["copies"]),
        *_periods("", old.registers["periods"], new.registers["periods"], REGISTERS),
        *_controller(tomllib.loads(old.controller), tomllib.loads(new.controller)),
        *_policy(old.policy, new.policy),
    ]


def _companies(old: Data, new: Data) -> Iterator[SchemaChange]:
    for kind, recipient in (("partners", "PARTNER"), ("affiliates", "PAYMENT_AFFILIATE")):
        for name, entry in new[kind].items():
            before, coordinate = old[kind].get(name), f"{recipient} {name}"
            if before is None:
                yield SchemaChange(ChangeKind.RECIPIENT_ADDED, coordinate, _said(entry), REGISTERS)
            else:
                yield from _company(coordinate, before, entry)
        for name in old[kind].keys() - new[kind].keys():
            yield SchemaChange(ChangeKind.RECIPIENT_REMOVED, f"{recipient} {name}", "", REGISTERS)
    # Countries are compared for each kind of recipient: another company in the same country is no new transfer.
    before_in, after_in = _countries(old), _countries(new)
    for recipient, country in sorted(after_in - before_in):
        yield SchemaChange(ChangeKind.COUNTRY_ADDED, f"{recipient} {country}", country, REGISTERS)
    for recipient, country in sorted(before_in - after_in):
        yield SchemaChange(ChangeKind.COUNTRY_REMOVED, f"{recipient} {country}", country, REGISTERS)


def _company(coordinate: str, old: Data, new: Data) -> Iterator[SchemaChange]:
    """Compare a company that is in both: fields, purpose and undertaking. Its country is compared with those of its
    kind."""
    for field in sorted(set(new.get("fields", ())) - set(old.get("fields", ()))):
        yield SchemaChange(ChangeKind.RECIPIENT_ADDED, coordinate, field, REGISTERS)
    for field in sorted(set(old.get("fields", ())) - set(new.get("fields", ()))):
        yield SchemaChange(ChangeKind.RECIPIENT_REMOVED, coordinate, field, REGISTERS)
    for key in ("purpose", "kind"):
        if old.get(key) != new.get(key):
            # An addition and a removal, so that the new one needs a sign-off.
            yield SchemaChange(ChangeKind.PURPOSE_ADDED, coordinate, str(new.get(key)), REGISTERS)
            yield SchemaChange(ChangeKind.PURPOSE_REMOVED, coordinate, str(old.get(key)), REGISTERS)
    if any(old.get(key) != new.get(key) for key in ("since", "document")):
        yield SchemaChange(ChangeKind.UNDERTAKING_CHANGED, coordinate, str(new.get("since")), REGISTERS)


def _countries(registers: Data) -> set[tuple[str, str]]:
    return (
        {("PARTNER", each["country"]) for each in registers["partners"].values()}
        | {("PAYMENT_AFFILIATE", each["country"]) for each in registers["affiliates"].values()}
        | {("REGISTRY", each["country"]) for each in registers["registries"].values()}
    )


def _registries(old: Data, new: Data) -> Iterator[SchemaChange]:
    for ending, entry in new.items():
        before = old.get(ending)
        # Another registry under the same ending is another recipient.
        if before is None or before["name"] != entry["name"]:
            yield SchemaChange(ChangeKind.RECIPIENT_ADDED, f"REGISTRY .{ending}", entry["name"], REGISTERS)
        yield from _published(f"REGISTRY .{ending}", _rules(before), _rules(entry))
    for ending in old.keys() - new.keys():
        yield SchemaChange(ChangeKind.RECIPIENT_REMOVED, f"REGISTRY .{ending}", old[ending]["name"], REGISTERS)


def _rules(entry: Data | None) -> dict[str, str]:
    """Return the rules of an ending by kind and field; an ending without a row publishes nothing."""
    return {f"{each['kind']} {each['field']}": each["rule"] for each in (entry or {"published": ()})["published"]}


def _published(coordinate: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[SchemaChange]:
    for what, rule in new.items():
        before = old.get(what, Publishing.NEVER.name)
        if before != rule:
            more = OPENNESS.index(rule) > OPENNESS.index(before)
            kind = ChangeKind.PUBLISHED_MORE if more else ChangeKind.PUBLISHED_LESS
            yield SchemaChange(kind, coordinate, f"{what}: {before} -> {rule}", REGISTERS)


def _copies(old: Data, new: Data) -> Iterator[SchemaChange]:
    for client, entry in new.items():
        before, coordinate = old.get(client), f"client {client}"
        if before is None:
            yield SchemaChange(ChangeKind.COPY_ADDED, coordinate, _said(entry), REGISTERS)
            continue
        if before["keeps"] != entry["keeps"]:
            yield SchemaChange(ChangeKind.COPY_CHANGED, coordinate, str(entry["keeps"]), REGISTERS)
        days = {name: None if each["days"] is None else f"P{each['days']}D" for name, each in
                (("old", before), ("new", entry))}  # fmt: skip
        yield from _periods("client ", {client: days["old"]}, {client: days["new"]}, REGISTERS)
    for client in old.keys() - new.keys():
        yield SchemaChange(ChangeKind.COPY_REMOVED, f"client {client}", "", REGISTERS)


def _periods(
    prefix: str, old: Mapping[str, str | None], new: Mapping[str, str | None], place: SourcePosition
) -> Iterator[SchemaChange]:
    """Compare periods; None means no end, which is longer than any period."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        longer = _seconds(after) > _seconds(before)
        kind = ChangeKind.RETENTION_LONGER if longer else ChangeKind.RETENTION_SHORTER
        yield SchemaChange(kind, f"{prefix}{name}", f"{before or 'no end'} -> {after or 'no end'}", place)


def _seconds(period: str | None) -> float:
    if period is None:
        return float("inf")
    # Months and years are approximate, which suffices to tell which of two settings is longer.
    digits = period[:-1]
    number = digits[len(digits.rstrip("0123456789")) :]
    return int(number) * SECONDS[period[-1]]


def _controller(old: Data, new: Data) -> Iterator[SchemaChange]:
    """Compare the controller's files: safeguards, measures, and the other sections."""
    transfers = [
        {(each["recipient"], each["country"]): each["safeguards"] for each in given["transfers"].get("to", ())}
        for given in (old, new)
    ]
    for recipient, country in sorted(transfers[0].keys() & transfers[1].keys()):
        if transfers[0][recipient, country] != transfers[1][recipient, country]:
            yield SchemaChange(ChangeKind.SAFEGUARD_CHANGED, f"{recipient} {country}", "", CONTROLLER)
    for recipient, country in sorted(transfers[1].keys() - transfers[0].keys()):
        yield SchemaChange(ChangeKind.COUNTRY_ADDED, f"transfer {recipient} {country}", country, CONTROLLER)
    for recipient, country in sorted(transfers[0].keys() - transfers[1].keys()):
        yield SchemaChange(ChangeKind.COUNTRY_REMOVED, f"transfer {recipient} {country}", country, CONTROLLER)
    for each in sorted(set(new["measures"]) - set(old["measures"])):
        yield SchemaChange(ChangeKind.MEASURE_ADDED, "controller measures", each, CONTROLLER)
    for each in sorted(set(old["measures"]) - set(new["measures"])):
        yield SchemaChange(ChangeKind.MEASURE_REMOVED, "controller measures", each, CONTROLLER)
    for section in sorted((old.keys() | new.keys()) - {"transfers", "measures"}):
        if old.get(section) != new.get(section):
            yield SchemaChange(ChangeKind.CONTROLLER_CHANGED, f"controller {section}", "", CONTROLLER)


def _policy(old: Data, new: Data) -> Iterator[SchemaChange]:
    """Compare the legal grounds of purposes that are in both; added and removed ones are changes of the schema."""
    for name, entry in new["purposes"].items():
        # A new purpose is compared with itself: its addition is a change of the schema.
        before = old["purposes"].get(name, entry)
        for what in entry:
            if (was := before.get(what, entry[what])) != entry[what]:
                value = f"{what}: {was or 'none'} -> {entry[what] or 'none'}"
                yield SchemaChange(ChangeKind.LEGAL_GROUND_CHANGED, f"Purpose.{name}", value, POLICY)
    # Only rules of both: added and removed ones are changes of the schema's catalogue.
    known = {name: period for name, period in old["retention"].items() if name in new["retention"]}
    yield from _periods("RetentionRule.", known, {name: new["retention"][name] for name in known}, POLICY)
    yield from _periods("deletion ", old["deletion"], new["deletion"], POLICY)


def _said(entry: Data) -> str:
    """Return an entry of a register as one line."""
    parts = (" ".join(each) if isinstance(each, list) else str(each) for each in entry.values() if each)
    return ", ".join(parts)
