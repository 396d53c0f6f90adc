"""Findings and changes as SARIF 2.1.0 (OASIS), which code review shows beside the lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from audits.compatibility.changes import ClientChange, Impact
from audits.schema.changes import ChangeKind, Direction, SchemaChange, Severity
from audits.schema.checks import Finding
from audits.schema.places import SourcePosition

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def findings_sarif(findings: Sequence[Finding], version: str) -> str:
    """Return the lint's findings; a signed-off one is suppressed, with its justification."""
    checks = list(dict.fromkeys(each.check for each in findings))
    rules = [_rule(each.id, each.text, each.advice, each.level) for each in sorted(checks, key=lambda each: each.name)]
    results = [
        _result(
            each.check.id, each.check.level, f"{each.message} {each.advice}", each.place, each.coordinate, each.accepted
        )
        for each in findings
    ]
    return _log("gateway audit lint", version, rules, results)


LEVELS = {Impact.BREAKING: "error", Impact.DANGEROUS: "warning", Impact.SAFE: "note"}
FOR_CLIENTS = "clients/"
"""Begins the rules of changes for clients: a removed field is one for them and another one for privacy."""


def changes_sarif(changes: Sequence[SchemaChange], clients: Sequence[ClientChange], version: str) -> str:
    """Return the changes of a diff: breaking and loosening ones are errors, the others warnings or notes."""
    kinds = list(dict.fromkeys(each.kind for each in changes))
    rules = [_rule(each.id, each.text, _asks(each), _level(each)) for each in sorted(kinds, key=lambda each: each.name)]
    results = [
        _result(
            each.kind.id,
            _level(each.kind),
            f"{each.message}. {each.kind.text} [{each.kind.direction.value}, {each.kind.severity.value}]",
            each.place,
            f"{each.coordinate} {each.value}",
            each.accepted,
        )
        for each in changes
    ]
    rules += _client_rules(clients)
    results += [_client_result(each) for each in clients]
    return _log("gateway schema diff", version, rules, results)


def _client_rules(clients: Sequence[ClientChange]) -> list[dict[str, Any]]:
    # One kind may have two impacts, as for directives of documents and of schemas: the first one is the heavier.
    impacts = {each.id: each.impact for each in reversed(clients)}
    return [
        _rule(
            FOR_CLIENTS + id_,
            f"For clients: {id_.replace('-', ' ')}.",
            "It needs a sign-off: who, and why (--accept FILE)." if impact is Impact.BREAKING else impact.text,
            LEVELS[impact],
        )
        for id_, impact in sorted(impacts.items())
    ]


def _client_result(change: ClientChange) -> dict[str, Any]:
    message = f"{change.message} [{change.impact.value} for clients]"
    identity = f"{change.coordinate} {change.value}"
    return _result(FOR_CLIENTS + change.id, LEVELS[change.impact], message, change.place, identity, change.accepted)


def _level(kind: ChangeKind) -> str:
    if kind.direction is Direction.LOOSENS:
        return "error"
    return "warning" if kind.severity is Severity.REVIEW else "note"


def _asks(kind: ChangeKind) -> str:
    if kind.direction is Direction.LOOSENS:
        return "It needs a sign-off: who, and why (--accept FILE)."
    return "Look at it." if kind.severity is Severity.REVIEW else "Nothing needs to be done."


def _rule(id_: str, text: str, help_: str, level: str) -> dict[str, Any]:
    return {
        "id": id_,
        "shortDescription": {"text": text},
        "help": {"text": help_},
        "defaultConfiguration": {"level": level},
    }


def _result(
    rule: str, level: str, message: str, place: SourcePosition, identity: str, accepted: str | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": rule,
        "level": level,
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(place.file)},
                    "region": {"startLine": place.line, "startColumn": place.column},
                }
            }
        ],
        # The coordinate, not the line, so that a finding keeps its identity when lines move.
        "partialFingerprints": {"coordinate/v1": f"{rule} {identity}"},
    }
    if accepted:
        # External: the sign-off is in a file of its own, not in the schema.
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": accepted}]
    return result


def _uri(file: str) -> str:
    """Return the path for code review: relative to the current folder if it is below, the path of `git:REV:PATH`."""
    # Of `git:REV:PATH` the path names the file in the repository.
    path = file.split(":", 2)[2] if file.startswith("git:") and file.count(":") > 1 else file
    if (absolute := Path(path)).is_absolute() and absolute.is_relative_to(Path.cwd()):
        path = absolute.relative_to(Path.cwd()).as_posix()
    return quote(path.replace("\\", "/"))


def _log(name: str, version: str, rules: Iterable[Mapping[str, Any]], results: Iterable[Mapping[str, Any]]) -> str:
    driver = {"name": name, "semanticVersion": version, "rules": list(rules)}
    # graphql-core counts columns in code points, not in UTF-16 units.
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": list(results)}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"
