"""The language in which a command answers a person."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from messages.catalogue import SOURCE, translate
from messages.negotiation import written
from resolvers.commands.context import CommandContext, Result
from store.tables.customers import customers


async def localised(result: Result, context: CommandContext) -> Result:
    """The same with its problems in that language."""
    if not result.problems:
        return result
    language = await language_of(context)
    problems = (replace(each, message=translate(each.message, language)) for each in result.problems)
    return replace(result, problems=tuple(problems))


async def language_of(context: CommandContext) -> str:
    """The language that the request prefers, or else that of the token's customer; English for a tool.

    StoreUnavailableError if the customer's language cannot be read.
    """
    if context.language is not None:
        return context.language
    if context.grant.subject is None:
        return SOURCE
    reader = context.store.reader
    asked = reader.prepare(select(customers.c.locale).where(customers.c.id == context.grant.subject))
    rows = await reader.fetch(asked, {})
    return written(rows[0][0]) if rows else SOURCE
