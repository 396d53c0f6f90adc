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
WordingKind = Annotated[ConsentKind, positioned("The kind of consent.", NOBODYS)]
WordingLanguage = Annotated[
    LanguageTag | None, positioned("The language (BCP 47); English if there is no such wording.", NOBODYS)
]


@plain_type
class ConsentWording:
    """The wording of a consent in one language."""

    kind: ConsentKind = public(Attribute("kind"), "The kind of consent.", NOBODYS)
    version: str = public(Attribute("version"), "The version to name when consenting.", NOBODYS)
    language: LanguageTag = public(Attribute("language"), "The language it is in.", NOBODYS)
    text: str = public(Attribute("text"), "The sentence.", NOBODYS)


async def shown_wording(context: ResolverContext, root: Any, given: Mapping[str, Any]) -> Wording:
    """The present wording of a kind of consent."""
    kind = given["kind"]
    return wording(str(getattr(kind, "value", kind)), given.get("language") or "en")
