"""Versions increase as their descriptions say, and `ifVersion` keeps one edit from overwriting another."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import is_object_type
from sqlalchemy import select, update

from policy.purposes import Purpose
from schema.api.build import core_schema
from store.database.store import Store
from store.tables.domains import domains
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio


async def test_the_version_counts_what_its_description_says(store: Store) -> None:
    gate = await Gate.of(store, 1)

    async def after(change: str) -> Any:
        answer = await gate.ask(f"mutation {{ {change} {{ userErrors {{ code }} }} }}", own(gate.ids[0]))
        assert [each["userErrors"] for each in answer.data.values()] == [[]], answer.raw
        return (await gate.ask("{ me { version } }", own(gate.ids[0]))).data["me"]["version"]

    assert await after("updateProfile(input: {})") == 1
    assert await after('updateProfile(input: {locale: "fr"})') == 2
    assert await after("setProductNews(input: {wanted: false})") == 2
    assert await after('updateProfile(input: {locale: "de", ifVersion: 2})') == 3


GUARDED = {
    "renewDomain": 'expiresAt: "2099-01-01T00:00:00Z"',
    "setWhoisVisibility": "hideName: false",
    "updateRegistrant": 'registrant: {name: "Registrant of somebody else"}',
}


def test_what_has_a_version_can_be_changed_by_it_alone() -> None:
    """Of a new type with a version this test must know by which mutations it is edited."""
    schema = core_schema()
    versioned = {
        name
        for name, type_ in schema.type_map.items()
        if is_object_type(type_) and "id" in type_.fields and "version" in type_.fields
    }
    assert versioned == {"Customer", "Domain"}
    assert schema.mutation_type is not None
    given = {name: field.args["input"].type.of_type for name, field in schema.mutation_type.fields.items()}
    assert {name for name, type_ in given.items() if "ifVersion" in type_.fields} == {"updateProfile", *GUARDED}


@pytest.mark.parametrize("mutation", GUARDED)
async def test_of_two_edits_of_a_domain_the_later_sees_the_present_one(store: Store, mutation: str) -> None:
    gate = await Gate.of(store, 1)
    who = own(gate.ids[0], authenticated_at=int(TODAY.timestamp()))
    if mutation == "renewDomain":
        who = grant(Purpose.DOMAIN_REGISTRATION, scopes=("domains:write",))
    async with gate.store.write() as connection:
        mine = domains.c.customer_id == gate.ids[0]
        runs = {"service_id": None, "expires_at": None, "released_at": None}
        await connection.execute(update(domains).where(mine).values(tld="com", hide_name=True, version=1, **runs))
        (key, *_) = (await connection.execute(select(domains.c.id).where(mine))).scalars()
    id_ = gate.outside("Domain", key, gate.ids[0])
    query = """mutation { %s(input: {domainId: "%s", ifVersion: %d, %s}) {
      domain { version hideName registrant { name } } userErrors { code field } } }"""

    async def edit(version: int) -> Any:
        return (await gate.ask(query % (mutation, id_, version, GUARDED[mutation]), who)).data[mutation]

    done = await edit(1)
    assert done["userErrors"] == [] and done["domain"]["version"] == 2
    late = await edit(1)
    assert late == {"domain": done["domain"], "userErrors": [{"code": "CONFLICT", "field": ["ifVersion"]}]}


async def test_a_domain_counts_whoever_changes_it(store: Store) -> None:
    await Gate.of(store, 1)
    async with store.write() as connection:
        (before, *_) = (await connection.execute(select(domains.c.version).order_by(domains.c.id))).scalars()
        await connection.execute(update(domains).values(registrant_email=None))
        (after, *_) = (await connection.execute(select(domains.c.version).order_by(domains.c.id))).scalars()
    assert (before, after) == (1, 2)
