"""Whatever is asked, nothing is returned or even selected that the purpose does not allow (G8, DESIGN §2 rule 5).

Documents are random; what is allowed, and where it rests, is read from the committed `schema.graphql`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from policy.purposes import Purpose
from schema.api.build import core_schema
from schema.api.federation import ROUTER
from schema.documents.requests import RequestOutcome
from tests.promises.declared import declarations
from tests.promises.gate import OWN, Answer, Gate, grant
from tests.promises.questions import Asked, Question, questions

pytestmark = pytest.mark.anyio

CORE = core_schema()
PURPOSES = [each for each in Purpose if each.enabled]
KEYS = re.compile(r"\.(id|customer_id|service_id|credential_id|invoice_id)$")
HIDING = {"registrant_name": "hide_name", "registrant_address": "hide_address", "registrant_email": "hide_email",
          "registrant_phone": "hide_phone", "registrant_country": "hide_address"}  # fmt: skip
several = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def ask(gate: Gate, question: Question, purpose: Purpose, withhold: bool) -> Answer:
    subject = gate.ids[1] if purpose is OWN else None
    who = grant(purpose, subject=subject, withhold=withhold, scopes=sorted(ROUTER))
    answer = await gate.ask(question.about(gate), who, reference="INC-1")
    assume("LIMIT_EXCEEDED" not in {each["code"] for each in answer.errors})  # Now and then chance asks for too much.
    return answer


def closed(question: Question, purpose: Purpose) -> set[str]:
    """The coordinates that the purpose may not read; interfaces are asked through fragments only."""
    said = declarations()
    asked = {each.coordinate for each in question.all()}
    asked |= {f"{each.coordinate}(id:)" for each in question.all() if each.coordinate == "Query.node"}
    if "Query.nodes" in asked:
        asked.add("Query.nodes(ids:)")
    if "Query._entities" in asked:
        asked.add("Query._entities(representations:)")
    if "Query.rdap" in asked:
        asked.add("Query.rdap(domain:)")
    if "Query.domain" in asked:
        asked.add("Query.domain(name:)")
    if "Query.customer" in asked:
        asked.add("CustomerBy.customerNumber")
    return {each for each in asked if not said[each].open_to(purpose.name, ROUTER)}


@several
@given(question=questions(CORE), purpose=st.sampled_from(PURPOSES))
async def test_a_document_is_refused_exactly_for_what_it_may_not_read(
    gate: Gate, question: Question, purpose: Purpose
) -> None:
    answer = await ask(gate, question, purpose, withhold=False)
    refused = {each["coordinate"] for each in answer.errors if "coordinate" in each}
    assert refused == closed(question, purpose)
    if refused:
        assert answer.kind is RequestOutcome.REFUSED and answer.statements == answer.key_statements == ()
        assert len(answer.errors) == len(refused)


@several
@given(question=questions(CORE), purpose=st.sampled_from(PURPOSES))
async def test_withholding_returns_and_selects_only_what_is_allowed(
    gate: Gate, question: Question, purpose: Purpose
) -> None:
    answer = await ask(gate, question, purpose, withhold=True)
    may_not = closed(question, purpose)
    if any("(" in each or each.startswith("CustomerBy.") for each in may_not):
        assert answer.kind is RequestOutcome.REFUSED, "arguments can not be withheld"
        assert answer.statements == ()
        return
    assert answer.kind is RequestOutcome.OK, answer.raw
    assert {each["coordinate"] for each in answer.body.get("extensions", {}).get("withheld", ())} == may_not
    for asked, value in _met(question.roots, answer.body["data"]):
        if asked.coordinate in may_not:
            assert value is None, (asked.coordinate, purpose)
        if asked.coordinate == "Customer.id" and purpose is OWN:
            assert value == gate.id(1)
    asked_for = [declarations()[each.coordinate] for each in question.all() if each.coordinate not in may_not]
    allowed = {source for each in asked_for for source in each.sources}
    if "Query.rdap" in {each.coordinate for each in question.all()} - may_not:
        domains = [each for each in declarations().values() if each.coordinate.startswith("Domain.")]
        allowed |= {source for each in domains for source in each.sources}
    if "Customer.accesses" in {each.coordinate for each in question.all()} - may_not:
        allowed |= {"disclosures.trigger", "disclosures.embargoed_until"}  # what may not be told yet is left out
    told = [each for each in declarations().values() if "REGISTRY" in each.disclosed_to]
    registry = {source for each in told for source in each.sources}
    for sql in answer.statements:
        _only(sql, allowed, bool(registry & allowed) and purpose is Purpose.DOMAIN_REGISTRATION)


def _met(asked: list[Asked], value: Any) -> Iterator[tuple[Asked, Any]]:
    """Every field of the answer with its value."""
    if isinstance(value, list):
        for each in value:
            yield from _met(asked, each)
    elif isinstance(value, dict):
        for one in asked:
            if one.key in value:
                yield one, value[one.key]
                yield from _met(one.below, value[one.key])


def _only(sql: str, allowed: set[str | None], told: bool) -> None:
    """The statement selects nothing but these columns, the keys that rows are matched by, and what hides them.

    And, of what is `told` to a registry, which one it is.
    """
    for column in set(re.findall(r"\b[a-z_]+\.[a-z_0-9]+", sql.partition("FROM")[0])):
        if column in allowed or KEYS.search(column) or column.startswith("anon_"):
            continue
        if column == "payment_methods.kind":  # which of the three types a row is
            continue
        ruled = column in ("domains.tld", "domains.registrant_kind")  # by which the registry's rule is found
        if ruled and told:
            continue
        every = ruled or column == "domains.registrant_confirmed_at"  # before which nothing is published
        hidden = {f"domains.{one}" for one, switch in HIDING.items() if every or column == f"domains.{switch}"}
        assert hidden & allowed, (column, sql)
