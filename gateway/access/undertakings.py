"""Whether a client is one of ours, or of a partner that is bound: no undertaking, no token, old ones included (R7)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import orjson
from sqlalchemy import ColumnElement

from policy import registered
from policy.rules import Rule
from resolvers.events.registers import may_serve
from store.registers.clients import clients
from store.registers.partners import partners


def bound() -> ColumnElement[bool]:
    """For statements that join the partners to the clients."""
    ours = clients.c.partner_id.is_(None)
    return ours | (
        partners.c.undertaken_at.is_not(None) & partners.c.document.is_not(None) & partners.c.ended_at.is_(None)
    )


PARTNER = (partners.c.name, partners.c.country, partners.c.purpose, partners.c.fields)
"""What a statement that reads a client reads of its partner, for `keeps_the_rules`."""


def keeps_the_rules(client_id: str, purposes: frozenset[str], *partner: str | None) -> bool:
    """Whether a client, and the partner whose it is, may be served (D11); `partner` are the values of `PARTNER`.

    A partner's client is judged by what it gets: the partner's purpose and fields.
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
    """Every rule of our own schema, by coordinate."""
    # Imported here: building the whole schema takes most of the start of a command that never asks.
    from schema.api.build import core_schema
    from schema.model.model import SchemaModel

    return SchemaModel(core_schema()).rules
