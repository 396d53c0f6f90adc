"""The wordings of consents, for clients that show the consent box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from policy.wordings import Wording, wording
from schema.core.enums import ConsentKind
from schema.core.scalars import LanguageTag
from schema.declare.fields import positioned, public
from schema.declare.records import plain_type
from schema.execution.standard import ResolverContext
from schema.sources.values import Attribute

NOBODYS = "it is what everybody is shown"
WordingKind = Annotated[ConsentKind, positioned("The subject of the consent that the wording asks for.", NOBODYS)]
WordingLanguage = Annotated[
    LanguageTag | None, positioned("The language (BCP 47); English if there is no such wording.", NOBODYS)
]


@plain_type
class ConsentWording:
    """The wording of a consent in one language."""

    kind: ConsentKind = public(Attribute("kind"), "The subject of the consent that this wording asks for.", NOBODYS)
    version: str = public(
        Attribute("version"),
        "The version to name with the consent, such as `2026-01`; it changes with the text.",
        NOBODYS,
    )
    language: LanguageTag = public(
        Attribute("language"), "The language of this text: the one asked for, or English where there is none.", NOBODYS
    )
    text: str = public(Attribute("text"), "The sentence to show beside the box, unchanged.", NOBODYS)


async def shown_wording(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> Wording:
    """The present wording of a kind of consent."""
    kind = given["kind"]
    return wording(str(getattr(kind, "value", kind)), given.get("language") or "en")
