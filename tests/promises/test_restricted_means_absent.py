"""Whoever restricted processing, or objected to a purpose, is absent from it, in every way of reading (D16).

Purposes and ways are those of the policy and of the schema: a new one is asked here without being written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select, update

from policy.purposes import Purpose
from policy.restricting import ObjectionOutcome, objection_to, stops
from schema.documents.requests import RequestOutcome
from store.tables.domains import domains
from store.tables.invoices import invoices
from store.tables.outbox import outbox
from store.tables.payments import payment_methods
from store.tables.restrictions import processing_stops
from store.tables.services import services
from tests.promises.gate import TODAY, Answer, Gate, grant, own
from tests.promises.routes import routes
from workers.outbox.register import Webhooks

pytestmark = pytest.mark.anyio

FRESH = {"authenticated_at": int(TODAY.timestamp())}
GOES_ON = {
    "AUTHENTICATION", "LEGAL_REQUEST", "COOKIE_ESSENTIAL", "SELF_SERVICE", "ERASURE", "RIGHTS_HANDLING",
    "ACCOUNTABILITY_LOG", "STATUTORY_RETENTION",
}  # fmt: skip
"""Art. 18(2), by hand: storage, legal claims, what the person does, rights and the proof of who read what."""
ASKED = tuple(each for each in Purpose if each.enabled)
RESTRICT = (
    "mutation { requestRestriction(input: {ground: ACCURACY_CONTESTED}) { customer { id } userErrors { code } } }"
)
LIFT = "mutation { liftRestriction(input: {}) { customer { restriction { id } } userErrors { code } } }"
OBJECT = """mutation ($p: Purpose!) { objectTo(input: {purpose: $p}) {
  customer { objections { purpose state answerBy } } userErrors { code message field } } }"""
WITHDRAW = "mutation ($p: Purpose!) { withdrawObjection(input: {purpose: $p}) { userErrors { code } } }"
OWNER = 'registrantKind: NATURAL_PERSON, registrant: {name: "A B"}'
SCOPES = (
    "cards:forward",
    "signins:write",
    "domains:write",
    "customers:write",
    "services:write",
    "invoices:write",
    "federation:read",
)


def who(purpose: Purpose, gate: Gate, subject: bool = False) -> Any:
    """A tool, or the customer where the purpose is for the own data only."""
    bound = gate.ids[0] if subject or purpose.own_data_only else None
    return grant(purpose, subject=bound, scopes=SCOPES)


def ids_of(value: Any) -> Iterator[str]:
    """Every `id` of an answer."""
    if isinstance(value, dict):
        yield from (value["id"],) if isinstance(value.get("id"), str) else ()
        for one in value.values():
            yield from ids_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from ids_of(one)


def mine(gate: Gate, answer: Answer) -> set[str]:
    """The ids of the first customer's rows."""
    decode = gate.store.keys.system.ids.decode
    found = {id_: decode(id_) for id_ in ids_of(answer.body.get("data"))}
    return {id_ for id_, row in found.items() if row is not None and row.customer == gate.ids[0]}


async def asked(gate: Gate, query: str, purpose: Purpose, **facts: Any) -> Answer:
    """For the purpose, with a reference where it needs one."""
    reference = "INC-1" if purpose.requires_reference else None
    return await gate.ask(query, who(purpose, gate, facts.pop("subject", False)), reference=reference, **facts)


async def everything(gate: Gate, purpose: Purpose) -> dict[str, Answer]:
    """The answer of every way to every type that the purpose may ask for, by the document."""
    found = {}
    for name, places in routes(gate.api.model.core, gate).items():
        if name not in gate.api.model.rows:
            continue
        for place in places:
            text = place.text % "__typename id"
            answer = await asked(gate, text, purpose, subject="{ me" in text)
            if answer.kind is RequestOutcome.OK and "errors" not in answer.body:
                found[text] = answer
    return found


async def nodes(gate: Gate, purpose: Purpose, ids: set[str]) -> dict[str, bytes]:
    """What each of these ids finds."""
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    return {id_: (await asked(gate, query, purpose, variables={"id": id_})).raw for id_ in sorted(ids)}


async def done(gate: Gate, query: str, place: int = 0, **variables: Any) -> Any:
    """A change that the customer at this place makes, freshly signed in."""
    answer = await gate.ask(query, own(gate.ids[place], **FRESH), variables=variables or None)
    ((_, payload),) = answer.data.items()
    return payload


async def test_which_purposes_go_on_is_said_with_its_reason() -> None:
    assert {each.name for each in Purpose if each.exempt is not None} == GOES_ON
    assert all(each.exempt is None or "Art. 18(2)" in each.exempt for each in Purpose)


async def test_a_restricted_customer_is_absent_from_every_way_of_every_purpose_but_the_exempt(changing: Gate) -> None:
    before = {purpose: await everything(changing, purpose) for purpose in ASKED}
    seen = {
        purpose: {id_ for each in ways.values() for id_ in mine(changing, each)} for purpose, ways in before.items()
    }
    found = {purpose: await nodes(changing, purpose, ids) for purpose, ids in seen.items()}
    assert sum(map(len, before.values())) > 60 and sum(map(len, seen.values())) > 60, "the ways and rows of the schema"
    assert (await done(changing, RESTRICT))["userErrors"] == []
    for purpose in ASKED:
        after = await everything(changing, purpose)
        assert after.keys() == before[purpose].keys(), "nothing is refused that was not: no trace"
        if purpose.name in GOES_ON:
            assert {id_ for each in after.values() for id_ in mine(changing, each)} >= seen[purpose], purpose
            continue
        for text, answer in after.items():
            assert not mine(changing, answer), (purpose, text)
            assert len(answer.statements) <= len(before[purpose][text].statements), (purpose, text)
            others = set(ids_of(before[purpose][text].data)) - mine(changing, before[purpose][text])
            assert set(ids_of(answer.data)) >= others, "the others stay where they are"
        for id_, raw in (await nodes(changing, purpose, seen[purpose])).items():
            nobody = changing.outside(id_.partition("_")[0], 2**60)
            assert raw == (await nodes(changing, purpose, {nobody}))[nobody] != found[purpose][id_], (purpose, id_)
    assert (await done(changing, LIFT))["userErrors"] == []
    for purpose in ASKED:
        assert await nodes(changing, purpose, seen[purpose]) == found[purpose], "lifted, it is there again"


@pytest.mark.parametrize("purpose", [each for each in ASKED if objection_to(each) is not ObjectionOutcome.NONE])
async def test_an_objection_stops_its_purpose_and_no_other(changing: Gate, purpose: Purpose) -> None:
    page = "{ customers(first: 100) { nodes { id } } }"
    before = {each: mine(changing, await asked(changing, page, each)) for each in ASKED}
    payload = await done(changing, OBJECT, p=purpose.name)
    assert payload["userErrors"] == []
    state = "UPHELD" if objection_to(purpose) is ObjectionOutcome.AT_ONCE else "PENDING"
    (objection,) = payload["customer"]["objections"]
    assert (objection["purpose"], objection["state"]) == (purpose.name, state)
    assert objection["answerBy"] == "2026-12-23T23:59:59Z", "a month, to the end of its last day"
    stopped = {purpose} if purpose.exempt is None else set()
    for each in ASKED:
        assert mine(changing, await asked(changing, page, each)) == (set() if each in stopped else before[each]), each
    assert (await done(changing, WITHDRAW, p=purpose.name))["userErrors"] == []
    if purpose is not Purpose.PRODUCT_NEWS:  # News were switched off with it, and stay so.
        assert mine(changing, await asked(changing, page, purpose)) == before[purpose]


@pytest.mark.parametrize("purpose", [each for each in ASKED if objection_to(each) is ObjectionOutcome.NONE])
async def test_what_cannot_be_objected_to_says_why_and_what_to_do(changing: Gate, purpose: Purpose) -> None:
    (error,) = (await done(changing, OBJECT, p=purpose.name))["userErrors"]
    assert (error["code"], error["field"]) == ("NOT_OBJECTABLE", ["purpose"])
    assert error["message"].endswith("instead."), "it says what can be done"
    assert await rows(changing, processing_stops) == 0


async def rows(gate: Gate, table: Any) -> int:
    async with gate.store.write() as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


@pytest.mark.parametrize("purpose", [each for each in ASKED if each.name not in GOES_ON])
async def test_the_statement_leaves_them_out_by_one_look_up_a_row(gate: Gate, purpose: Purpose) -> None:
    """A scalar subquery on the unique index of a small table: no join, nothing that grows with the customers."""
    for text, answer in (await everything(gate, purpose)).items():
        for sql in answer.statements:
            flat = re.sub(r"\s+", " ", sql)
            found = re.search(
                r"\(SELECT 1 FROM processing_stops AS stop WHERE stop\.customer_id = \w+\.(?:customer_)?id "
                r"AND stop\.subject IN \(([^()]*)\) LIMIT 1(?: OFFSET \S+)?\) IS NULL", flat,
            )  # fmt: skip
            assert found and found[1].count(",") + 1 == len(stops(purpose)), (text, flat)
            assert " JOIN " not in flat.upper()


async def test_the_look_up_uses_the_unique_index(gate: Gate) -> None:
    answer = await gate.ask("{ customers(first: 5) { nodes { id } } }", grant(Purpose.INVOICING))
    (sql,) = answer.statements
    async with gate.store.write() as connection:
        if connection.dialect.name == "sqlite":
            values = [0] * len(re.findall(r"\?", sql))
            plan = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(values))
            told = "\n".join(str(row) for row in plan.all())
            assert "SEARCH stop USING COVERING INDEX" in told or "USING INDEX" in told, told
            return
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        literal = re.sub(r"\$\d+(::\w+)?", "5", re.sub(r"\$\d+::VARCHAR", "'RESTRICTION'", sql))
        plan = await connection.exec_driver_sql("EXPLAIN " + literal)
        told = "\n".join(row[0] for row in plan.all())
        assert "SubPlan" in told and "uq_processing_stops_customer_id_subject" in told, told
        assert "Join" not in told, told


async def test_restricting_while_others_read_is_seen_by_the_next_statement(changing: Gate) -> None:
    """There is nothing between the row and the filter: another replica's next statement asks the same row."""
    other = Gate(changing.store, changing.people, changing.ids)
    query = "{ customers(first: 100) { nodes { id } } }"
    assert mine(changing, await other.ask(query, grant(Purpose.INVOICING)))
    await done(changing, RESTRICT)
    assert not mine(changing, await other.ask(query, grant(Purpose.INVOICING)))
    await done(changing, LIFT)
    assert mine(changing, await other.ask(query, grant(Purpose.INVOICING)))


async def test_the_row_that_was_read_before_leads_to_no_more(changing: Gate) -> None:
    """A cursor, and an id that a tool has from before, find nothing; a nested list is judged by itself."""
    query = "query ($id: ID!) { node(id: $id) { ... on Service { id customer { id } } } }"
    async with changing.store.write() as connection:
        key = await connection.scalar(select(services.c.id).where(services.c.customer_id == changing.ids[0]).limit(1))
    id_ = changing.outside("Service", key, changing.ids[0])
    assert (await changing.ask(query, grant(Purpose.INVOICING), variables={"id": id_})).data["node"]["id"] == id_
    await done(changing, RESTRICT)
    answer = await changing.ask(query, grant(Purpose.INVOICING), variables={"id": id_})
    assert answer.data == {"node": None} and not answer.personal


# What tools change


async def test_tools_change_nothing_of_a_restricted_customer(changing: Gate) -> None:
    """Every command that takes an id of a customer's row, for every purpose that stands still."""
    await done(changing, RESTRICT)
    service, card, invoice = await _service(changing), await _card(changing), await _invoice(changing)
    tried = {
        "subscribeService": f'customerId: "{changing.id(0)}", kind: WEB_HOSTING, name: "x"',
        "terminateService": f'serviceId: "{service}"',
        "recordInvoice": f'customerId: "{changing.id(0)}", {BILL}',
        "recordPayment": f'invoiceId: "{invoice}", paidAt: "{TODAY.isoformat()}", paidWith: CARD',
        "cancelInvoice": f'invoiceId: "{invoice}"',
        "registerDomain": f'serviceId: "{service}", name: "new.ch", {OWNER}',
        "forwardCard": f'cardId: "{card}", affiliate: "Acquirer", reference: "INC-1"',
    }
    listed = {
        name.partition(".")[2]
        for (type_name, name_), field in changing.api.model.fields.items()
        if type_name == "Mutation"
        for name in [f"Mutation.{name_}"]
        if field.rule is not None and field.rule.scopes
    }
    assert listed - {"registerCustomer", "recordSignIn", "renewDomain"} == tried.keys(), (
        "of a new command this test must know"
    )
    before = await rows(changing, services), await rows(changing, domains)
    for name, given in tried.items():
        field = changing.api.model.fields["Mutation", name]
        assert field.rule is not None
        for purpose in (each for each in ASKED if field.rule.when(each)):
            answer = await asked(
                changing,
                f"mutation {{ {name}(input: {{{given}}}) {{ userErrors {{ code message field }} }} }}",
                purpose,
            )
            (error,) = answer.data[name]["userErrors"]
            assert error["code"] == "PROCESSING_STOPPED" and not any(
                text in orjson.dumps(error).decode() for text in changing.values()
            ), answer.raw
    assert before == (await rows(changing, services), await rows(changing, domains))
    await done(changing, LIFT)
    answer = await asked(
        changing,
        f"mutation {{ terminateService(input: {{{tried['terminateService']}}}) {{ userErrors {{ code }} }} }}",
        Purpose.SERVICE_PROVISION,
    )
    assert answer.data["terminateService"]["userErrors"] == []


async def test_an_access_to_another_platform_is_still_recorded(changing: Gate) -> None:
    """It is storage (R17); what was stored is shown to no tool."""
    await done(changing, RESTRICT)
    query = f'''mutation {{ recordSignIn(input: {{customerId: "{changing.id(0)}", platform: WEBMAIL, outcome: SUCCEEDED,
      ipAddress: "192.0.2.1", at: "{TODAY.isoformat()}"}}) {{ signIn {{ id }} userErrors {{ code }} }} }}'''
    answer = await asked(changing, query, Purpose.ACCOUNT_SECURITY)
    assert answer.data["recordSignIn"] == {"signIn": None, "userErrors": []}


async def test_a_renewal_at_the_registry_is_still_recorded(changing: Gate) -> None:
    """It is storage: without the new date the domain would count as ended. What was stored is shown to no tool."""
    await done(changing, RESTRICT)
    async with changing.store.write() as connection:
        mine = select(domains.c.id).where(domains.c.customer_id == changing.ids[0], domains.c.released_at.is_(None))
        key = await connection.scalar(mine.limit(1))
        runs_on = {"expires_at": None, "service_id": None}
        await connection.execute(update(domains).where(domains.c.id == key).values(**runs_on))
    domain = changing.outside("Domain", key, changing.ids[0])
    query = f"""mutation {{ renewDomain(input: {{domainId: "{domain}", expiresAt: "2099-01-01T00:00:00Z"}}) {{
      domain {{ id }} userErrors {{ code }} }} }}"""
    answer = await asked(changing, query, Purpose.DOMAIN_REGISTRATION)
    assert answer.data["renewDomain"] == {"domain": None, "userErrors": []}
    async with changing.store.write() as connection:
        ends = await connection.scalar(select(domains.c.expires_at).where(domains.c.id == key))
    assert ends is not None and ends.year == 2099


async def _service(gate: Gate) -> str:
    async with gate.store.write() as connection:
        query = select(services.c.id).where(services.c.customer_id == gate.ids[0], services.c.status == "ACTIVE")
        key = await connection.scalar(query.limit(1))
    return gate.outside("Service", key, gate.ids[0])


BILL = f'number: "R-1", issuedAt: "{TODAY.isoformat()}", currency: CHF, total: "1.00"'


async def _invoice(gate: Gate) -> str:
    async with gate.store.write() as connection:
        query = select(invoices.c.id).where(invoices.c.customer_id == gate.ids[0])
        key = await connection.scalar(query.limit(1))
    return gate.outside("Invoice", key, gate.ids[0])


async def _card(gate: Gate) -> str:
    async with gate.store.write() as connection:
        query = select(payment_methods.c.id).where(payment_methods.c.customer_id == gate.ids[0])
        key = await connection.scalar(query.limit(1))
    return gate.outside("Card", key, gate.ids[0])


# What systems are told


async def test_systems_are_told_only_of_what_ends_processing(changing: Gate) -> None:
    await Webhooks(changing.store).add("billing", "https://billing.example/hook", [], TODAY)
    await done(changing, RESTRICT)
    update_ = 'mutation { updateProfile(input: {locale: "fr"}) { userErrors { code } } }'
    await done(changing, update_)
    await done(changing, "mutation { withdrawCardConsent(input: {}) { userErrors { code } } }")
    assert "customer.restricted" in await events(changing)
    assert "customer.profile.changed" not in await events(changing)
    await done(changing, LIFT)
    await done(changing, update_.replace("fr", "en"))
    assert {"customer.restriction.lifted", "customer.profile.changed"} <= set(await events(changing))


async def events(gate: Gate) -> list[str]:
    async with gate.store.write() as connection:
        found = await connection.execute(
            select(outbox.c.event).where(outbox.c.topic == "webhook").order_by(outbox.c.id)
        )
        return [each for each in found.scalars() if each]


# What the public is shown


async def test_the_public_sees_of_a_restricted_owner_what_the_registry_requires_and_no_more(changing: Gate) -> None:
    async with changing.store.write() as connection:
        await connection.execute(
            update(domains).values(hide_name=False, hide_address=False, hide_email=False, hide_phone=False)
        )
        query = select(domains.c.id, domains.c.tld).where(domains.c.customer_id == changing.ids[0])
        assert (await connection.execute(query)).all()
    names = [each.domain.name for each in changing.people[0].services if each.domain is not None]
    before = [await _rdap(changing, name) for name in names]
    await done(changing, RESTRICT)
    after = [await _rdap(changing, name) for name in names]
    assert any(one is not None for one in after), "that it is registered is still said"
    hidden = 0
    for one, other in zip(before, after, strict=True):
        if one is None:
            assert other is None
            continue
        assert other is not None and other["ldhName"] == one["ldhName"]
        assert {_name(each) for each in other["redacted"]} >= {_name(each) for each in one["redacted"]}
        told = _owner(other)
        for each in other["redacted"]:
            left = told.get(PARTS.get(_name(each), "adr"), [])
            assert not any(map(str.strip, left)), "it is not in the document"
        hidden += len(other["redacted"]) - len(one["redacted"])
    assert hidden > 0 and after != before, "what may be hidden is"


PARTS = {"Registrant Name": "fn", "Registrant Email": "email", "Registrant Phone": "tel"}
"""The property of a redacted detail; any other is a part of the address."""


def _name(redaction: Any) -> str:
    (name,) = redaction["name"].values()
    return str(name)


def _owner(document: Any) -> dict[str, list[str]]:
    """Every text of each part of the owner's card."""
    ((_, card),) = [each["vcardArray"] for each in document["entities"]]
    return {name: list(_texts(value)) for name, _, kind, value in card if kind != "version"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield str(value)


async def _rdap(gate: Gate, name: str) -> Any:
    answer = await gate.ask(
        "query ($d: String!) { rdap(domain: $d) }", grant(Purpose.DOMAIN_REGISTRATION), variables={"d": name}
    )
    return answer.data["rdap"]
