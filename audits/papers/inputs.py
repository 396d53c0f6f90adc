"""The inputs of a released paper in a permanent form: the schema, the registers, the controller's file, the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from audits.papers.notice import deletion
from audits.papers.notice_data import copies_data, registry_data
from audits.papers.registers import Registers
from audits.schema.facts import Facts
from audits.schema.sources import Text
from policy.purposes import Purpose
from policy.retention import RetentionRule


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs; papers with equal inputs have equal content, except for the wording of a gateway release."""

    schema: str
    controller: str
    """The text of the controller's file."""
    registers: Mapping[str, Any]
    policy: Mapping[str, Any]

    @classmethod
    def now(cls, schema: Text, registers: Registers, controller: Text) -> Inputs:
        """Return the present inputs."""
        return cls(schema.text, controller.text, registers_content(registers), policy_content())

    @classmethod
    def of(cls, resting: str) -> Inputs:
        """Parse the stored form."""
        return cls(**orjson.loads(resting))

    def written(self) -> str:
        """Return the form that is stored with the paper."""
        found = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()

    def facts(self) -> Facts:
        """Return the facts of the schema."""
        return Facts.of(Text("schema of the release", self.schema))


def registers_content(registers: Registers) -> dict[str, Any]:
    """Return the registers by name, so that additions and removals can be compared."""
    return {
        "partners": {
            each.name: {
                "country": each.country,
                "purpose": each.purpose.name,
                "fields": sorted(each.fields),
                "since": f"{each.since:%Y-%m-%d}",
                "document": each.document,
            }
            for each in registers.partners
        },
        "affiliates": {each.name: {"country": each.country, "kind": each.kind} for each in registers.affiliates},
        "registries": {each.tld: registry_data(each) for each in registers.registries},
        "copies": {each.client: copies_data(each) for each in registers.copies},
        "periods": dict(registers.periods or {}),
    }


def policy_content() -> dict[str, Any]:
    """Return the parts of the policy that papers contain and no schema."""
    return {
        "purposes": {
            each.name: {
                "legal bases": " ".join(basis.name for basis in each.bases),
                "consent": each.consent or "",
                "objection": each.objection or "",
                "enabled": "yes" if each.enabled else "no",
            }
            for each in Purpose
        },
        "retention": {each.name: each.period for each in RetentionRule},
        "deletion": {
            "on request": f"P{deletion().request_days}D",
            "without a request": f"P{deletion().automatic_months}M",
        },
    }
