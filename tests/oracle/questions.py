"""Who asks what: an operation, its variables, and a client with one purpose and one refusal mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from zlib import crc32

from graphql import get_named_type, is_composite_type

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.api.federation import ROUTER
from schema.documents.requests import Request
from schema.model.model import SchemaModel
from schema.sources.documents import RenderedDocument
from schema.sources.values import Computed
from tests.oracle.arguments import Pools
from tests.oracle.documents import Writer
from tests.oracle.world import BARE, CLIENT, DAMAGED, EMPTIED, ERASED, OBJECTING, ODD, RESTRICTED, WHOLE

MAX_PAGE = 5
MOST_FIELDS = 60
REQUESTS = 3
"""With one document: its plan is made once and serves them all."""
SUBJECTS = (WHOLE, WHOLE, WHOLE, ODD, EMPTIED, DAMAGED, BARE, ERASED, RESTRICTED, OBJECTING)
"""Places in the population, of the customers who ask about themselves."""


def token(purpose: Purpose, subject: int | None, refusal: Refusal, introspection: bool = True) -> Grant:
    """A token for one purpose."""
    return Grant(
        token_id="token",
        client_id=CLIENT,
        subject=subject,
        purposes=frozenset({purpose}),
        scopes=ROUTER,
        expires_at=2**40,
        refusal=refusal,
        documents_only=False,
        introspection=introspection,
        max_page=MAX_PAGE,
    )


def worked_out(model: SchemaModel, type_name: str, name: str) -> bool:
    """Whether nothing is to be compared: one way to be answered only, or a document (tests/sharing/test_rdap.py)."""
    field = model.fields.get((type_name, name))
    return field is not None and isinstance(field.source, (RenderedDocument, Computed))


@dataclass(frozen=True)
class Question:
    """One request and who makes it."""

    text: str
    variables: dict[str, Any]
    grant: Grant

    @property
    def request(self) -> Request:
        """As it reaches the API."""
        (purpose,) = self.grant.purposes
        reference = "CASE-1" if purpose.requires_reference else None
        return Request(query=self.text, variables=self.variables, reference=reference)

    def __str__(self) -> str:
        (purpose,) = self.grant.purposes
        bound = "" if self.grant.subject is None else f", bound to customer {self.grant.subject}"
        return f"for {purpose.name}, {self.grant.refusal.name}{bound}\n{self.text}\n{self.variables}"


@dataclass(frozen=True)
class Questions:
    """Makes questions about one population."""

    model: SchemaModel
    pools: Pools
    people: Sequence[int]

    def number(self, n: int) -> list[Question]:
        """The n-th document, asked several times with other variables: the same on every machine."""
        random = Random(n)
        purpose = random.choice(self._purposes())
        grant = self.grant(random, purpose)
        greed = random.randint(1, 1000) if random.random() < (0.1 if grant.refusal is Refusal.REFUSE else 0.5) else 0

        def may(type_name: str, name: str) -> bool:
            if (type_name, name) == ("Query", "me") and grant.subject is None:
                return False
            if (type_name, name) == ("Query", "customer") and not pools.lookups:
                return False
            # Answered by graphql-core alone: asked in one document of twenty; the others tell of compiled plans.
            if name == "_entities" and n % 20:
                return False
            if worked_out(self.model, type_name, name):
                return False
            return self._may(f"{type_name}.{name}", purpose, greed)

        found = {name: each for name, each in self.pools.lookups.items() if may("CustomerBy", name)}
        pools = replace(self.pools, lookups=found, cursors=self.pools.cursors_of(grant.subject))
        asked = Writer(random, self.model.core, pools, may, random.randint(1, MOST_FIELDS)).operation(REQUESTS)
        return [Question(asked.text, variables, grant) for variables in asked.variables]

    def corners(self) -> Iterator[Question]:
        """What chance seldom meets: rows of which nothing is asked, through each way that leads to them."""
        for place in (WHOLE, ODD):
            grant = token(Purpose.SELF_SERVICE, self.people[place], Refusal.REFUSE)
            for name, field in self.model.core.type_map["Customer"].fields.items():
                named = get_named_type(field.type)
                if is_composite_type(named) and not worked_out(self.model, "Customer", name):
                    inside = "nodes { __typename }" if named.name.endswith("Connection") else "__typename"
                    yield Question(f"{{ me {{ {name} {{ {inside} }} }} }}", {}, grant)
        for purpose in sorted(set(self._purposes()), key=lambda each: each.name):
            grant = token(purpose, self.people[WHOLE] if purpose.own_data_only else None, Refusal.WITHHOLD)
            for ids in self.pools.ids.values():
                yield Question("query ($id: ID!) { node(id: $id) { __typename } }", {"id": ids[0]}, grant)

    def grant(self, random: Random, purpose: Purpose) -> Grant:
        """A token for one purpose: of a person for the own data, else of a tool, and now and then of a person too."""
        bound = purpose.own_data_only or random.random() < 0.1
        subject = self.people[random.choice(SUBJECTS)] if bound else None
        return token(purpose, subject, random.choice(list(Refusal)), introspection=random.random() < 0.9)

    def _purposes(self) -> list[Purpose]:
        """Every purpose, more often those for which something may be read."""
        rule = self.model.rules["Query.customer"]
        enabled = [purpose for purpose in Purpose if purpose.enabled]
        return [Purpose.SELF_SERVICE] * 15 + [each for each in enabled if rule.when(each)] * 5 + enabled

    def _may(self, coordinate: str, purpose: Purpose, greed: int) -> bool:
        """Whether it is asked: what the purpose allows, and for the greedy one in ten of the rest."""
        rule = self.model.rules[coordinate]
        if not (rule.allowances or rule.scopes) or rule.when(purpose):
            return True
        return bool(greed) and crc32(f"{coordinate}{greed}".encode()) % 10 == 0
