"""docs/findings.md explains every check of the audits, in the words of the commands; each command has its example."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import click
import pytest

from audits.schema.checks import Check
from gateway.commands.audit.group import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
VERBS = {"Check", "Count", "Explain", "Find", "Hand", "Release", "Show", "Write"}


def sections() -> dict[str, list[str]]:
    """The paragraphs below each heading of the page, each on one line."""
    found = {}
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, text = part.partition("\n")
        found[name] = [" ".join(each.split()) for each in text.strip().split("\n\n")]
    return found


def test_every_finding_is_explained_in_the_order_of_the_checks() -> None:
    assert list(sections()) == [each.id for each in Check]


@pytest.mark.parametrize("check", Check, ids=lambda check: check.id)
def test_the_page_says_what_the_command_says_and_why(check: Check) -> None:
    said, why, advice = sections()[check.id]
    assert said == f"**{check.level.capitalize()}: {check.text}**"
    assert advice == " ".join(check.advice.split())
    assert why.endswith(".") and why not in (check.text, check.advice)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_of_the_audits_says_what_it_does_how_it_is_called_and_how_it_ends(name: str) -> None:
    module, attribute, short = COMMANDS[name]
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command) and command.help
    first = command.help.split("\n")[0]
    assert first.split()[0] in VERBS and short.split()[0] == first.split()[0]
    assert re.search(rf"^ +gateway audit {name}\b", command.help, re.M), "an example"
    assert re.search(r"Exit code", command.help), "how it ends"
