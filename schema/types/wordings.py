"""The sentences that are consented to, for whoever shows the box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from policy.wordings import Wording, wording
from schema.core.sources import Attribute
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
