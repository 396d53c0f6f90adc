"""The public RDAP object of a domain, rendered from fields of `Domain` under their rules (R58)."""

from __future__ import annotations

from typing import Annotated, Final

from policy.categories import Category
from policy.purposes import Purpose
from resolvers.domains.rdap import CHOICES, SHOWN_BY, written_out
from schema.core.scalars import RdapDomain
from schema.declare.fields import searched
from schema.declare.readers import SELF
from schema.sources.documents import RenderedDocument
from store.crypto.blind_index import Lookup
from values.domain_name import to_ascii

__all__ = ["PUBLISHED", "READ_BY", "RdapDomain", "WhoisName"]

READ_BY: Final = (Purpose.DOMAIN_REGISTRATION, SELF)
"""Customers see the same RDAP object of their own domains as everybody: hidden details stay hidden."""

PUBLISHED: Final = RenderedDocument(
    "domain", Lookup.DOMAIN, SHOWN_BY, Purpose.DOMAIN_REGISTRATION, to_ascii, written_out, CHOICES
)
WhoisName = Annotated[str, searched(Category.SUBSCRIPTION, "The domain name, such as `example.ch`.", READ_BY)]
