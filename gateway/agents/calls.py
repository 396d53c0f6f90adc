"""Lists and calls the tools of one request's grant; knows nothing of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from gateway.access.acting_persons import ActingPersons
from gateway.agents import words
from gateway.http.problems import ProblemError
from policy.grant import Grant
from resolvers.reads.documents import PublishedDocuments
from schema.api.api import Api
from schema.api.tools import Tool, Tools
from schema.documents.requests import Outcome, RequestOutcome


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call: text for the model, the same as data, and whether it failed."""

    text: str
    data: Mapping[str, Any]
    failed: bool


class AgentTools:
    """The tools of all clients, over the API that answers /graphql."""

    def __init__(self, api: Api, persons: ActingPersons) -> None:
        self._api, self._persons = api, persons
        self._published = PublishedDocuments(api.store.reader)
        self._tools = Tools(api.model.core, api.limits, api.references)

    async def tools(self, grant: Grant) -> dict[str, Tool]:
        """The tools of a grant by name; StoreUnavailableError."""
        return self._tools.of(await self._published.of(grant.client_id), grant)

    async def call(self, grant: Grant, name: str, given: Mapping[str, Any], person: str | None) -> CallResult:
        """Call a tool: 1. find it; 2. check the names of the arguments; 3. check who asks; 4. execute the document.

        `person` is the header Acting-Person. StoreUnavailableError before 4.
        """
        tool = (await self.tools(grant)).get(name)  # 1
        if tool is None:
            return _failed(words.NO_TOOL)
        if unknown := sorted(given.keys() - tool.arguments):  # 2
            return _failed(words.unknown_arguments(unknown, sorted(tool.arguments)))
        try:
            acting = await self._persons.named(grant, person)  # 3
        except ProblemError as problem:
            return _failed(f"Refused. {words.NOTHING} {problem.message}")
        return _result(await self._api.execute(replace(tool.request(given), acting=acting), grant))  # 4


def _failed(text: str) -> CallResult:
    return CallResult(text, {}, failed=True)


def _result(outcome: Outcome) -> CallResult:
    body: dict[str, Any] = orjson.loads(outcome.body)
    errors = body.get("errors", [])
    if outcome.kind is not RequestOutcome.OK:
        return CallResult(words.failure(outcome.kind, errors), body, failed=True)
    if body["data"] is None:
        return CallResult(words.failure(RequestOutcome.REQUEST_ERROR, errors), body, failed=True)
    text = outcome.body.decode()
    return CallResult(f"{text}\n{words.partly(errors)}" if errors else text, body, failed=False)
