"""What no declaration may allow, whoever signs it: combinations that the notice itself excludes."""

from policy.conditions import Condition
from policy.purposes import Purpose
from policy.rules import Rule


def forbids(rule: Rule, purpose: Purpose, when: Condition | None) -> list[str]:
    return []


def violations(rule: Rule) -> list[str]:
    return []
