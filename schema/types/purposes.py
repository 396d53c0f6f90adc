"""The purposes of processing, as the privacy notice states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from messages.catalogue import translate
from messages.negotiation import written
from policy.purposes import Purpose
from policy.restricting import ObjectionOutcome, objection_to
from schema.declare.directives import PurposeEnum
from schema.declare.fields import public
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.sources.values import Attribute

NOBODYS = "it is what everybody is told"


@plain_type
class ProcessingPurpose:
    """One purpose of the privacy notice."""

    name: PurposeEnum = public(Attribute("name"), "The name of the purpose in tokens and in the schema.", NOBODYS)
    text: str = public(
        Attribute("text"), "What the data is used for, in one plain sentence in the language asked for.", NOBODYS
    )
    objectable: bool = public(
        Attribute("objectable"), "Whether one can object to it (GDPR Art. 21): `objectTo` says why not.", NOBODYS
    )


@dataclass(frozen=True, slots=True)
class _ListedPurpose:
    name: str
    text: str
    objectable: bool


async def listed_purposes(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> list[_ListedPurpose]:
    """Every purpose that is switched on, in the order of the policy."""
    language = written(given.get("language"))
    return [
        _ListedPurpose(each.name, translate(each.text, language), objection_to(each) is not ObjectionOutcome.NONE)
        for each in Purpose
        if each.enabled
    ]
