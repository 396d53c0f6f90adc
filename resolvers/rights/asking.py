"""A question about a reading opens a request with its one-month clock (GDPR Art. 12(3), 15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import insert

from policy.requests import RequestKind, RequestState, RequestWay, request_due
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.processing_stops import locked
from resolvers.inputs.texts import InputReader
from resolvers.reads.accesses import readings_of
from store.accesses.disclosure_embargo import VisibleCases
from store.sql.ids import new_id
from store.tables.requests import rights_requests

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
NO_READING = UserProblem("NOT_FOUND", "There is no such reading of your data.", ("index",))


async def ask_about_reading(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Ask about one entry of the ledger that is about the customer; staff answer within a month."""
    texts = InputReader(given)
    question = texts.line("question")
    if texts.problems or question is None:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    index = int(given["index"])
    found = await readings_of(context.store).accesses.between(key.pseudonym, index - 1, index + 1, 1, True)
    embargo = await VisibleCases.about(context.store.reader, context.subject, context.now)
    # An entry under an order to be silent is answered like one that does not exist (R24).
    if not found or not embargo.allows(orjson.loads(found[0].entry)):
        return Result(problems=(NO_READING,))
    id_ = new_id()
    row = {
        "id": id_,
        "customer_id": context.subject,
        "kind": RequestKind.QUESTION.name,
        "state": RequestState.VERIFIED.name,
        "way": RequestWay.CLIENT_AREA.name,
        "entry": index,
        "said": key.seal(rights_requests.c.said, id_, question.encode()),
        "asked_at": context.now,
        "answer_by": request_due(context.now, context.dependencies.site.zone),
        # Who asks is signed in.
        "verified_at": context.now,
    }
    async with context.store.write() as connection:
        if not await locked(connection, context.subject):
            return Result(problems=(GONE,))
        await connection.execute(insert(rights_requests).values(row))
    return Result(affected={"request": id_})
