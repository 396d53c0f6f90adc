"""docs/spec/purpose-directives.md: each rule has examples, and two implementations decide them as they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.spec.deciding import Decide, gateway, plain

SPEC = Path(__file__).parents[2] / "docs" / "spec"
CONFORMANCE = json.loads((SPEC / "conformance.json").read_text())
EXAMPLES: list[dict[str, Any]] = CONFORMANCE["examples"]
OF_ANSWERS = {"6.4", "8.1", "8.2", "8.3", "9.2", "10.1"}
"""Rules on requests and answers, which no decision shows: tests/spec/test_plain_strawberry.py and tests/promises."""
CASES = [
    pytest.param(example, case, id=f"{example['rule']}-{number}-{index}")
    for number, example in enumerate(EXAMPLES)
    for index, case in enumerate(example["cases"])
]


@pytest.mark.parametrize("decide", [gateway, plain(CONFORMANCE["conditions"])], ids=["gateway", "plain"])
@pytest.mark.parametrize(("example", "case"), CASES)
def test_an_implementation_decides_as_the_example_says(
    decide: Decide, example: dict[str, Any], case: dict[str, Any]
) -> None:
    refused, conditions = decide(
        "\n".join(example["schema"]),
        case["document"],
        case["purpose"],
        case.get("scopes", ()),
        case.get("variables", {}),
    )
    assert refused == set(case["refused"]), example["says"]
    for coordinate, names in case.get("conditions", {}).items():
        assert conditions[coordinate] == set(names)


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    rules = re.findall(r"^\*\*(\d+\.\d+)\*\*", (SPEC / "purpose-directives.md").read_text(), re.M)
    assert len(rules) == len(set(rules)) > 25
    assert set(rules) == {each["rule"] for each in EXAMPLES} | OF_ANSWERS


def test_the_examples_tell_permission_from_refusal() -> None:
    """Whatever always refuses, or never does, conforms to nothing."""
    cases = [case for example in EXAMPLES for case in example["cases"]]
    assert sum(bool(case["refused"]) for case in cases) > 30
    assert sum(not case["refused"] for case in cases) > 20
