"""The sentences that everybody is shown: what is consented to, and what personal data is used for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from policy.french import told
from policy.purposes import Purpose
from policy.restricting import ObjectionOutcome, objection_to
from policy.wordings import Wording, wording
from schema.core.sources import Attribute
from schema.declare.directives import PurposeEnum
from schema.declare.fields import positioned, public
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.types.consents import ConsentKind

NOBODYS = "it is what everybody is shown"
WordingKind = Annotated[ConsentKind, positioned("What would be agreed to.", NOBODYS)]
WordingLanguage = Annotated[str | None, positioned("In which language (BCP 47); English where there is none.", NOBODYS)]


@plain_type
class ConsentWording:
    """One sentence in one language."""

    kind: ConsentKind = public(Attribute("kind"), "What would be agreed to.", NOBODYS)
    version: str = public(Attribute("version"), "The version to name when consenting.", NOBODYS)
    language: str = public(Attribute("language"), "The language it is in.", NOBODYS)
    text: str = public(Attribute("text"), "The sentence.", NOBODYS)


async def shown_wording(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> Wording:
    """The present one."""
    kind = given["kind"]
    return wording(str(getattr(kind, "value", kind)), given.get("language") or "en")


@plain_type
class ProcessingPurpose:
    """One purpose of the privacy notice."""

    name: PurposeEnum = public(Attribute("name"), "Its name in tokens and in the schema.", NOBODYS)
    text: str = public(Attribute("text"), "What for, in one plain sentence.", NOBODYS)
    objectable: bool = public(
        Attribute("objectable"), "Whether one can object to it (GDPR Art. 21): `objectTo` says why not.", NOBODYS
    )


@dataclass(frozen=True, slots=True)
class _Told:
    name: str
    text: str
    objectable: bool


async def purposes_told(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> list[_Told]:
    """Every purpose that is switched on, in the order of the policy."""
    asked = given.get("language")
    language = "fr" if getattr(asked, "value", asked) == "FR" else "en"
    return [
        _Told(each.name, told(each, language), objection_to(each) is not ObjectionOutcome.NONE)
        for each in Purpose
        if each.enabled
    ]
