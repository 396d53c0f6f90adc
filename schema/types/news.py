"""The one-click unsubscribe URL for product news (RFC 8058)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy.categories import Category
from policy.retention import RetentionRule
from schema.declare.fields import computed
from schema.declare.readers import NEWS, SELF
from schema.execution.standard import ResolverContext
from store.links.unsubscribing import unsubscribe_token


async def _address(context: ResolverContext, customer: Any, given: Mapping[str, Any]) -> str:
    # A token without session or expiry: the link in an old message must still work (RFC 8058).
    token = await unsubscribe_token(context.operation_context.store.keys.system, customer.id)
    return f"{context.command.dependencies.site.origin}/unsubscribe/{token}"


unsubscribe_url = computed(_address, Category.PREFERENCE, RetentionRule.NOT_STORED, (NEWS, SELF))
"""Decorates the field `Customer.unsubscribeUrl`."""
