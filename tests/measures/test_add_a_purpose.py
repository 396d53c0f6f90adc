"""A new purpose is one line in one file: docs/architecture.md, "Add a purpose", is done in a copy of the program."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from tests.measures.checkout import HERE, Checkout, Instructions

PART = Instructions.read("Add a purpose")
PRINT = Instructions.read("Add a field").commands[0].splitlines()[-1]
LINE, TRANSLATION = PART.diffs
SCHEMA = "schema/schema.graphql"
AFFECTED = (
    "tests/policy/test_catalogues.py",
    "tests/policy/test_words.py",
    "tests/audits/test_lint.py",
    "tests/audits/test_notice.py",
    "tests/schema/test_schema_graphql.py",
    "tests/area/test_documents.py",
)


def untranslated(copy: Checkout, *more: str, code: int = 0) -> list[dict[str, Any]]:
    """What the lint says of languages."""
    found = json.loads(copy.python("-m", "gateway", "audit", "lint", "--format", "json", *more, code=code))["findings"]
    return [each for each in found if each["check"] == "untranslated"]


def test_the_purpose_is_added(tmp_path: Path) -> None:
    copy = Checkout.made(tmp_path / "copy")
    assert LINE == "policy/purposes.py" and added(PART.diffs[LINE]) == 1
    assert added(PART.diffs[TRANSLATION]) == 3, "a message, its translation, and a blank line"
    copy.apply(PART.diffs[LINE])
    copy.shell(PRINT)
    before, after = (each.read_text().splitlines() for each in (HERE / SCHEMA, copy.folder / SCHEMA))
    gained = [each for each in difflib.ndiff(before, after) if each[0] in "+-" and each[2:].strip()]
    definition, *listed = gained
    assert definition.startswith(
        '+   @definePurpose(name: "PAYMENT_REMINDERS", text: "Remind the customer of open invoices."'
    )
    assert listed == ['+   """Remind the customer of open invoices."""', "+   PAYMENT_REMINDERS"], "and nothing else"

    (found,) = untranslated(copy)
    assert found["coordinate"] == "Purpose.PAYMENT_REMINDERS" and found["file"] == TRANSLATION
    assert "“fr”" in found["message"] and found["level"] == "warning"
    assert untranslated(copy, "--strict", code=1) == [found]
    copy.suite(*AFFECTED, "-k", "not postgresql")

    readers = "schema/declare/readers.py"  # Fields may name it, as soon as somebody says so.
    for group in ("THE_CUSTOMER", "WRITTEN_TO"):
        start = f"\n{group} = (\n    Purpose.SERVICE_PROVISION,\n"
        copy.replace(readers, start, f"{start}    Purpose.PAYMENT_REMINDERS,\n")
    copy.shell(PRINT)
    copy.suite("tests/measures/purpose_story.py")

    copy.apply(PART.diffs[TRANSLATION])
    assert untranslated(copy, "--strict") == []


def added(diff: str) -> int:
    """How many lines a diff adds."""
    return sum(line.startswith("+") and not line.startswith("+++") for line in diff.splitlines())
