"""Requires a signed processing agreement (GDPR Art. 28) of each partner: without it no token works, old or new (R7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import orjson
from sqlalchemy import ColumnElement

from policy import registered
from policy.rules import Rule
from resolvers.events.registers import may_serve
from schema.api.build import core_schema
from schema.model.model import SchemaModel
from store.registers.clients import clients
from store.registers.partners import partners


def has_processing_agreement() -> ColumnElement[bool]:
    """SQL condition: the client is our own, or of a partner with an agreement in force; joins partners to clients."""
    ours = clients.c.partner_id.is_(None)
    return ours | (
        partners.c.undertaken_at.is_not(None) & partners.c.document.is_not(None) & partners.c.ended_at.is_(None)
    )


PARTNER = (partners.c.name, partners.c.country, partners.c.purpose, partners.c.fields)
"""Columns of the partner to select with a client, for `keeps_the_rules`."""


def keeps_the_rules(client_id: str, purposes: frozenset[str], *partner: str | None) -> bool:
    """True if a client, and its partner if it has one, keep the hard rules (D11); `partner` are the values of PARTNER.

    A partner's client is checked by what it gets: the partner's purpose and fields.
    """
    if not may_serve(client_id, registered.ClientRegistration(purposes)):
        return False
    name, country, purpose, fields = partner
    if name is None:
        return True
    entry = registered.PartnerRegistration(
        purpose or "", country or "", frozenset(orjson.loads(fields or "[]")), declared_rules()
    )
    return may_serve(name, entry)


@cache
def declared_rules() -> Mapping[str, Rule]:
    """The rules of our own schema, by coordinate."""
    return SchemaModel(core_schema()).rules
