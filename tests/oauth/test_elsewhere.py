"""A refresh token is judged wherever it turns up: noticed, told, refused, or the end of its family (S12, R17, R18)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from store.database.store import Store
from store.queue.messages import opened
from store.tables.access import sign_ins
from store.tables.oauth import oauth_families
from store.tables.outbox import outbox
from tests.oauth.relying import Relying, claims_of, refused
from tests.oauth.site import Site, serving
from tests.signin import mmdb
from tests.stores import KINDS, Databases

HOME, NEAR, ABROAD, FAR = "192.0.2.7", "192.0.3.8", "203.0.113.5", "198.51.100.9"
WORLD = {
    "192.0.2.0/24": {"country": "CH"}, "192.0.3.0/24": {"country": "CH"}, "203.0.113.0/24": {"country": "FR"},
    "198.51.100.0/24": {"country": "JP"},
}  # fmt: skip
PHONE, CURL = "okhttp/4 Android", "curl/8"


@pytest.fixture(scope="module", params=KINDS)
def placed(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Two replicas behind a proxy that is believed, who know places."""
    folder = tmp_path_factory.mktemp(f"elsewhere-{request.param}")
    world = mmdb.write(folder / "world.mmdb", WORLD)
    more = {"GATEWAY_GEO_DATABASE": str(world), "GATEWAY_PROXIES": "127.0.0.1"}
    with serving(str(request.param), databases, folder, **more) as site:
        yield site


class App:
    """A customer's app, whose tokens may be brought from anywhere."""

    def __init__(self, site: Site, customer: int, client: str = "phone") -> None:
        self.rp, self.client = Relying(site), client
        self.customer = site.customers[customer]
        flow = self.rp.flow(client, self.rp.signed_in(customer), scope="purpose:self_service")
        self.tokens = self._post(flow.form(), HOME, PHONE, 0).json()
        self.family = self._key_of(claims_of(self.tokens["access_token"])["family"])

    def refresh(self, address: str, device: str = PHONE, replica: int = 0) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": self.client, "refresh_token": self.tokens["refresh_token"]}
        response = self._post(form, address, device, replica)
        if response.status_code == 200:
            self.tokens = response.json()
        return response

    def _post(self, form: dict[str, str], address: str, device: str, replica: int) -> httpx.Response:
        auth = self.rp.basic(self.client) if self.client == "shop" else None
        headers = {"x-forwarded-for": address, "user-agent": device}
        return self.rp.post("/oauth/token", form, replica, headers=headers, auth=auth)

    def told(self) -> tuple[list[tuple[str, bool]], list[dict[str, Any]]]:
        """The accesses of the customer, and their letters."""

        async def work(store: Store) -> tuple[list[tuple[str, bool]], list[dict[str, Any]]]:
            mine = select(sign_ins.c.outcome, sign_ins.c.unusual).where(sign_ins.c.customer_id == self.customer)
            mail = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(
                outbox.c.customer_id == self.customer, outbox.c.topic == "email"
            )
            async with store.write() as connection:
                found = [(word, bool(odd)) for word, odd in await connection.execute(mine.order_by(sign_ins.c.id))]
                rows = [tuple(row) for row in await connection.execute(mail.order_by(outbox.c.id))]
            letters = await opened(store.keys, rows)  # type: ignore[arg-type]
            return found, [orjson.loads(each) for each in letters if each is not None]

        return self.rp.site.on_store(work)

    def _key_of(self, id_: str) -> int:
        async def work(store: Store) -> int:
            found = store.keys.system.ids.decode(id_)
            assert found is not None
            return found.key

        return self.rp.site.on_store(work)

    def contexts(self) -> bytes | None:
        async def work(store: Store) -> bytes | None:
            async with store.write() as connection:
                query = select(oauth_families.c.contexts).where(oauth_families.c.id == self.family)
                return (await connection.execute(query)).scalar_one()

        return self.rp.site.on_store(work)


def test_a_stolen_refresh_token_is_of_no_use_abroad(placed: Site) -> None:
    """S12, R17, R18: noticed on a new network, refused in a new country, the end where everything is new; F4."""
    app = App(placed, 0)
    before, letters = app.told()
    assert app.refresh(HOME, replica=1).status_code == app.refresh("192.0.2.200").status_code == 200
    assert app.told()[0] == before, "nothing has changed"

    assert app.refresh(NEAR).status_code == app.refresh(HOME, replica=1).status_code == 200
    assert app.refresh(NEAR, replica=1).status_code == 200
    assert app.told() == ([*before, ("SUCCEEDED", False)], letters), "a telephone that moves: an access, no alarm"

    for replica in (0, 1, 0):
        refused(app.refresh(ABROAD, replica=replica), "invalid_grant")
    found, letters = app.told()
    assert found == [*before, ("SUCCEEDED", False), ("FAILED", True)], "written down once"
    assert "/not-me?t=" in letters[-1]["text"] and "France" in letters[-1]["text"]
    assert app.refresh(HOME).status_code == 200, "where it belongs it goes on"

    count = len(letters)
    refused(app.refresh(FAR, CURL, replica=1), "invalid_grant")
    refused(app.refresh(HOME), "invalid_grant")
    assert not app.rp.works(app.tokens["access_token"]) and not app.rp.works(app.tokens["access_token"], replica=1)
    assert len(app.told()[1]) == count + 1


def test_of_uses_that_race_abroad_one_is_written_down(placed: Site) -> None:
    """S12, F4: eight at once, at two replicas."""
    app = App(placed, 1)
    before, letters = app.told()
    answers = app.rp.at_once(*(partial(app.refresh, ABROAD, replica=number % 2) for number in range(8)))
    assert {answer.status_code for answer in answers} == {400}
    found, told = app.told()
    assert len(found) == len(before) + 1 and len(told) == len(letters) + 1


def test_a_client_that_proves_itself_asks_from_its_server(placed: Site) -> None:
    """S12: its network is no customer's; a stolen token is of no use without the client's secret."""
    app = App(placed, 2, client="shop")
    assert app.contexts() is None
    assert app.refresh(FAR, CURL).status_code == 200 and app.told()[0] == []


def test_a_refusal_that_is_about_something_else_notices_nothing(placed: Site) -> None:
    """S12: a token that does not reach its use is not used up, and its context is not learned by it."""
    app = App(placed, 3)
    held = app.contexts()
    headers = {"x-forwarded-for": NEAR, "user-agent": PHONE}
    form = {"grant_type": "refresh_token", "client_id": "phone", "refresh_token": app.tokens["refresh_token"]}
    refused(app.rp.post("/oauth/token", form | {"scope": "purpose:invoicing"}, headers=headers), "invalid_scope")
    assert app.contexts() == held
