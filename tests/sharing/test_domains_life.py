"""A registration is renewed, had back, and ended by its customer, who is told first what follows (R31, R34, R45)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from policy.dates import automatic_erasure, requested_erasure
from store.database.store import Store
from store.tables.changes import customer_changes
from store.tables.domains import domains
from store.tables.services import services
from tests.promises.gate import Gate, own
from tests.sharing.owners import NAME, REGISTRAR, key_of, order, register, registered

pytestmark = pytest.mark.anyio

D, S = domains.c, services.c
RENEW = """mutation ($in: RenewDomainInput!) { renewDomain(input: $in) {
  domain { expiresAt } userErrors { code field } } }"""
CANCEL = """mutation ($in: CancelServiceInput!) { cancelService(input: $in) {
  service { state terminatedAt } endsDomain lastService erasedBy userErrors { code field } } }"""


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def renew(gate: Gate, domain: str, days: int = 400, **given: Any) -> Any:
    """The registrar's tool renews a domain until so many days from now."""
    ends = (gate.clock.now + timedelta(days=days)).isoformat()
    found = await gate.ask(RENEW, REGISTRAR, variables={"in": {"domainId": domain, "expiresAt": ends} | given})
    return found.data["renewDomain"]


async def cancel(gate: Gate, service: str, place: int = 0, **given: Any) -> Any:
    """A customer who has just signed in ends a service, or asks what would follow."""
    who = own(gate.ids[place], authenticated_at=int(gate.clock.now.timestamp()))
    return (await gate.ask(CANCEL, who, variables={"in": {"serviceId": service} | given})).data["cancelService"]


async def rows(gate: Gate, domain: str) -> Any:
    """The registration with its service."""
    query = select(D.expires_at, D.released_at, S.status, S.renews_at).join(services, S.id == D.service_id)
    async with gate.store.write() as connection:
        return (await connection.execute(query.where(D.id == key_of(gate, domain)))).one()


async def change(gate: Gate, domain: str, status: str, **values: Any) -> None:
    """Set the service of a domain, and the domain."""
    of = select(D.service_id).where(D.id == key_of(gate, domain)).scalar_subquery()
    async with gate.store.write() as connection:
        await connection.execute(update(services).where(S.id == of).values(status=status))
        await connection.execute(update(domains).where(D.id == key_of(gate, domain)).values(**values))


async def test_a_renewed_domain_runs_on_and_its_service_with_it(gate: Gate) -> None:
    domain = await registered(gate)
    assert (await renew(gate, domain))["userErrors"] == []
    found = await rows(gate, domain)
    assert found.expires_at == found.renews_at == gate.clock.now + timedelta(days=400)
    assert (await renew(gate, domain))["userErrors"] == [], "a repeated call changes nothing"
    async with gate.store.write() as connection:
        noted = (await connection.execute(select(customer_changes.c.fields))).scalars().all()
    assert noted.count('["Domain.expiresAt","Service.renewsAt"]') == 1
    assert (await renew(gate, domain, 300))["userErrors"] == [{"code": "INVALID_TIME", "field": ["expiresAt"]}]
    assert (await rows(gate, domain)).expires_at == gate.clock.now + timedelta(days=400)


async def test_what_is_to_be_deleted_may_be_had_back(gate: Gate) -> None:
    """R45: REDEMPTION counts as active, and ends with the renewal."""
    domain = await registered(gate)
    await change(gate, domain, "REDEMPTION", expires_at=gate.clock.now - timedelta(days=3))
    assert (await renew(gate, domain))["userErrors"] == []
    found = await rows(gate, domain)
    assert found.status == "ACTIVE" and found.expires_at > gate.clock.now


async def test_what_has_ended_is_not_renewed(gate: Gate) -> None:
    """Its name may be another customer's by now."""
    domain = await registered(gate)
    await change(gate, domain, "ACTIVE", expires_at=gate.clock.now - timedelta(days=3))
    assert (await renew(gate, domain))["userErrors"] == [{"code": "REGISTRATION_ENDED", "field": ["domainId"]}]
    await change(gate, domain, "TERMINATED", expires_at=None)
    assert (await renew(gate, domain))["userErrors"][0]["code"] == "REGISTRATION_ENDED"
    assert (await renew(gate, "Domain:none"))["userErrors"] == [{"code": "NOT_FOUND", "field": ["domainId"]}]


async def test_two_renewals_at_once_do_not_overwrite_each_other(gate: Gate) -> None:
    domain = await registered(gate)
    refused = await renew(gate, domain, ifVersion=99)
    assert [each["code"] for each in refused["userErrors"]] == ["CONFLICT"]
    assert refused["domain"]["expiresAt"] is None, "the present one, to merge with"


async def test_an_ending_without_a_policy_is_refused_before_ordering(gate: Gate) -> None:
    service = await order(gate)
    refused = (await register(gate, service, name="shop.zz"))["userErrors"]
    assert [(each["code"], each["field"]) for each in refused] == [("ENDING_NOT_OFFERED", ["name"])]
    async with gate.store.write() as connection:
        of = D.service_id == select(S.id).where(S.id == key_of(gate, service)).scalar_subquery()
        assert (await connection.execute(select(D.id).where(of))).all() == []
    assert (await register(gate, service, name=NAME))["userErrors"] == [], "the service is free for another name"
    query = "query ($t: String!) { registryPolicy(tld: $t, kind: NATURAL_PERSON) { registry } }"
    for ending, name in (("co.uk", "Nominet"), (".UK", "Nominet"), ("com.zz", None)):
        found = (await gate.ask(query, REGISTRAR, variables={"t": ending})).data["registryPolicy"]
        assert (found and found["registry"]) == name, ending


async def test_a_customer_is_told_what_follows_before_a_service_ends(gate: Gate) -> None:
    domain = await registered(gate)
    service = gate.outside("Service", await _service_of(gate, domain), gate.ids[0])
    before = await rows(gate, domain)
    told = await cancel(gate, service, preview=True)
    assert told["endsDomain"] is True and told["lastService"] is False and told["erasedBy"] is None
    assert told["service"]["state"] == "ACTIVE" and await rows(gate, domain) == before
    ended = await cancel(gate, service)
    assert ended["service"]["state"] == "TERMINATED" and ended["userErrors"] == []
    found = await rows(gate, domain)
    assert found.status == "TERMINATED" and found.released_at == gate.clock.now
    again = await cancel(gate, service)
    assert again["service"] == ended["service"] and again["userErrors"] == []


async def test_with_the_last_service_the_six_months_begin(gate: Gate) -> None:
    """R34: the day that was told is the day of the erasure."""
    async with gate.store.write() as connection:
        mine = S.customer_id == gate.ids[0]
        await connection.execute(update(services).where(mine).values(status="TERMINATED", terminated_at=gate.clock.now))
    service = await order(gate, kind="WEB_HOSTING")
    told = await cancel(gate, service, preview=True)
    assert told["lastService"] is True and told["endsDomain"] is False
    due = automatic_erasure(gate.clock.now, gate.api.dependencies.site.zone).due
    assert told["erasedBy"] == due.isoformat().replace("+00:00", "Z")
    async with gate.store.write() as connection:
        from_customers = select(S.customer_id).where(S.customer_id == gate.ids[0], S.status != "TERMINATED")
        assert len((await connection.execute(from_customers)).all()) == 1, "a preview ends nothing"
    assert (await cancel(gate, service))["erasedBy"] == told["erasedBy"]


async def test_whoever_asked_to_be_erased_is_told_the_day_of_that_request(gate: Gate) -> None:
    """R33: it begins when the last service ends, months before the six of R34 are over."""
    async with gate.store.write() as connection:
        mine = S.customer_id == gate.ids[0]
        await connection.execute(update(services).where(mine).values(status="TERMINATED", terminated_at=gate.clock.now))
    service = await order(gate, kind="WEB_HOSTING")
    who = own(gate.ids[0], authenticated_at=int(gate.clock.now.timestamp()))
    asked = "mutation { requestErasure(input: {whenServicesEnd: true}) { erasure { state } } }"
    assert (await gate.ask(asked, who)).data["requestErasure"]["erasure"]["state"] == "ARMED"
    due = requested_erasure(gate.clock.now, gate.clock.now, gate.api.dependencies.site.zone).due
    assert (await cancel(gate, service, preview=True))["erasedBy"] == due.isoformat().replace("+00:00", "Z")


async def test_nobody_ends_another_customers_service_or_without_a_fresh_sign_in(gate: Gate) -> None:
    service = await order(gate, place=0)
    refused = await cancel(gate, service, place=1)
    assert refused["userErrors"] == [{"code": "NOT_FOUND", "field": ["serviceId"]}] and refused["service"] is None
    stale = await gate.ask(CANCEL, own(gate.ids[0]), variables={"in": {"serviceId": service}})
    assert stale.codes == ["STEP_UP_REQUIRED"]


async def _service_of(gate: Gate, domain: str) -> int:
    async with gate.store.write() as connection:
        found = await connection.scalar(select(D.service_id).where(D.id == key_of(gate, domain)))
    assert found is not None
    return int(found)
