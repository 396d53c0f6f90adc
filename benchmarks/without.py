"""Switches parts of the gateway off, in the measuring process only, to learn what they cost.

Nothing here is reachable from the product: it replaces objects of a process that was started for being measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.commands import serving
from gateway.run.serving import Services
from policy.grant import Grant
from schema.api.api import Api
from schema.documents.requests import Outcome, Request

PARTS = ("ledger", "sealing", "purposes")


class OpenedKey:
    """Stands for every customer's key over the store in which nothing is sealed."""

    pseudonym = "nobody"

    @staticmethod
    def decrypt(nonce: bytes, content: bytes, place: bytes) -> bytes:
        """What rests there."""
        return content


class UnaskedApi(Api):
    """Decides about the first request of each document, and takes every later one for allowed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._allowed: dict[str | None, Any] = {}

    async def _authorize(self, request: Request, grant: Grant) -> Any:
        allowed = self._allowed.get(request.query)
        if allowed is None:
            allowed = await super()._authorize(request, grant)
            if not isinstance(allowed, Outcome):
                self._allowed[request.query] = allowed
        return allowed


def switch_off(parts: Sequence[str]) -> None:
    """Before the gateway is put together."""
    if "purposes" in parts:
        setattr(serving, "Api", UnaskedApi)  # noqa: B010  (it is not the module's to give, so types refuse the plain form)


def switch_off_in(works: Services, parts: Sequence[str]) -> None:
    """Once the store is open."""
    key: Any = OpenedKey()

    async def nothing(entry: Mapping[str, Any]) -> bytes:
        return b""

    async def subjects(ids: Sequence[int]) -> list[Any]:
        return [key] * len(ids)

    if "ledger" in parts:
        works.store.ledger.append = nothing  # type: ignore[method-assign]
    if "sealing" in parts:
        works.store.keys.subjects = subjects  # type: ignore[method-assign]
