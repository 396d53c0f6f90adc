"""Requires a signed processing agreement (GDPR Art. 28) of each partner: without it no token works, old or new (R7)."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from sqlalchemy import ColumnElement

from policy import registered
from policy.rules import Rule
from resolvers.events.registers import may_serve
from store.registers.clients import clients
from store.registers.partners import partners


def has_processing_agreement() -> ColumnElement[bool]:
    """SQL condition: the client is our own, or of a partner with an agreement in force; joins partners to clients."""
    ours = clients.c.partner_id.is_(None)
    return ours | (
        partners.c.undertaken_at.is_not(None) & partners.c.document.is_not(None) & partners.c.ended_at.is_(None)
    )


PARTNER = (partners.c.name, partners.c.country, partners.c.purpose, partners.c.fields)
"""The columns of its partner that a statement reads with a client, for `keeps_the_rules`."""


def keeps_the_rules(client_id: str, purposes: frozenset[str], rules: Mapping[str, Rule], *partner: str | None) -> bool:
    """Whether a client, and the partner whose it is, may be served (D11); `partner` are the values of `PARTNER`.

    A partner's client is judged by what it gets: the partner's purpose and fields, by the schema's `rules`.
    """
    if not may_serve(client_id, registered.ClientRegistration(purposes)):
        return False
    name, country, purpose, fields = partner
    if name is None:
        return True
    entry = registered.PartnerRegistration(purpose or "", country or "", frozenset(orjson.loads(fields or "[]")), rules)
    return may_serve(name, entry)
