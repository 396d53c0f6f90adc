"""G14: whoever has proven nothing leaves nothing behind, and what is used once is used once all the same (O7, F4)."""

from __future__ import annotations

import secrets
from functools import partial
from zlib import crc32

from sqlalchemy import func, select

from gateway.oauth.authentication import STRANGERS
from gateway.oauth.endpoints.pushed import LONGEST, PREFIX
from store.database.schemas import LEDGER, MAIN
from store.database.store import Store
from tests.oauth.relying import Proofer, Relying, refused
from tests.oauth.site import BACK
from tests.oauth.test_dpop import endpoint, ready, redeem

EXCEPT = {"client_reach", "ledger_leaves", "ledger_tiles", "ledger_tree", "ledger_checkpoints", "ledger_keys"}
"""What replicas write by themselves, whoever asks."""


async def count_rows(store: Store) -> dict[str, int]:
    """How many rows every table has, and in how many the ledger."""
    found = {}
    for reader, schema in ((store.reader, MAIN), (store.ledger_reader, LEDGER)):
        tables = [each for each in schema.tables.sorted_tables if each.name not in EXCEPT]
        for table in tables:
            rows = await reader.fetch(reader.prepare(select(func.count()).select_from(table)), {})
            found[table.name] = rows[0][0]
    return found


def rows(rp: Relying) -> dict[str, int]:
    return rp.site.on_store(count_rows)


def with_proof(proofer: Proofer, path: str) -> dict[str, str]:
    return {"dpop": proofer.proof(f"{proofer.site.issuer}{path}")}


def test_g14_what_nobody_has_proven_is_written_nowhere(rp: Relying) -> None:
    """Pushed requests, proofs beside codes and refresh tokens that are none, tokens that are none, authorizing."""
    proofer = ready(rp)
    before = rows(rp)
    code = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": "v" * 43}
    for number in range(5):
        pushing, _ = rp.request("pusher", state="s" * 3_000)
        pushed = rp.post("/oauth/par", pushing, headers=with_proof(proofer, "/oauth/par"))
        assert pushed.status_code == 201, pushed.text
        params = {"client_id": "pusher", "request_uri": pushed.json()["request_uri"]}
        assert rp.authorize(params).headers["location"].startswith("/sign-in?")
        for form in (
            code | {"code": f"gwc_{number}"},
            {"grant_type": "refresh_token", "refresh_token": f"gwr_{number}"},
        ):
            headers = with_proof(proofer, "/oauth/token")
            refused(rp.post("/oauth/token", form | {"client_id": "bound"}, headers=headers), "invalid_grant")
        token = secrets.token_urlsafe(30)
        assert (
            rp.grant(token, 0, "DPoP", dpop=proofer.proof(f"{rp.site.issuer}/graphql", token=token)).status_code == 401
        )
        assert rp.post("/oauth/revoke", {"token": token, "client_id": "phone"}).status_code == 200
    assert rows(rp) == before


def test_g14_a_reference_is_the_request_itself_and_nobody_can_make_or_change_one(lone: Relying) -> None:
    params, _ = lone.request("pusher", state="who knows")
    first, second = (lone.post("/oauth/par", params).json()["request_uri"] for _ in range(2))
    assert first != second and "who knows" not in first and len(first) < LONGEST
    who = lone.signed_in()
    text = first.removeprefix(PREFIX)
    for wrong in (text[:-4] + "AAAA", "AAAA" + text[4:], text + "A", text[:40], "", "é", "a" * 20_000, text * 2):
        params = {"client_id": "pusher", "request_uri": PREFIX + wrong}
        assert lone.authorize(params, who).status_code in (400, 431), wrong
    assert "code" in lone.answer(lone.authorize({"client_id": "pusher", "request_uri": first}, who))
    for again in (first, first + "=", first + "=="):  # Other texts of the same reference are the same reference.
        assert lone.authorize({"client_id": "pusher", "request_uri": again}, who).status_code == 400
    refused(lone.post("/oauth/par", lone.request("pusher", state="s" * 9_000)[0]), "invalid_request")


def test_o7_a_proof_is_spent_with_the_code_or_the_token_that_it_came_with(rp: Relying) -> None:
    """A grant that fails leaves the proof as it is; one that succeeds has used it, at every replica."""
    proofer = ready(rp)
    flow = rp.flow("bound")
    headers = {"dpop": proofer.proof(endpoint(rp), jti="once")}
    refused(rp.post("/oauth/token", flow.form(code="gwc_wrong"), headers=headers), "invalid_grant")
    tokens = rp.post("/oauth/token", flow.form(), headers=headers)
    assert tokens.status_code == 200, tokens.text
    refused(redeem(rp, proofer, rp.flow("bound"), 1, jti="once"), "invalid_dpop_proof")
    form = {"grant_type": "refresh_token", "client_id": "bound", "refresh_token": tokens.json()["refresh_token"]}
    refused(rp.post("/oauth/token", form, 1, headers=headers), "invalid_dpop_proof")
    refreshed = rp.post("/oauth/token", form, headers={"dpop": proofer.proof(endpoint(rp))})
    assert refreshed.status_code == 200, "a replayed proof has not used the refresh token up"


def test_o7_of_many_that_bring_one_proof_at_once_one_is_answered(rp: Relying) -> None:
    proofer = ready(rp)
    flows = [rp.flow("bound") for _ in range(6)]
    headers = {"dpop": proofer.proof(endpoint(rp))}
    calls = (partial(rp.post, "/oauth/token", flow.form(), n % 2, headers=headers) for n, flow in enumerate(flows))
    assert sorted(answer.status_code for answer in rp.at_once(*calls)) == [200] + [400] * 5


def test_g14_clients_that_somebody_made_up_share_their_counters(lone: Relying) -> None:
    """Names without end make no rows without end; what is limited per network besides is proven elsewhere."""
    assert {f"?{crc32(str(n).encode()) % STRANGERS}" for n in range(100_000)} <= {f"?{n}" for n in range(STRANGERS)}
    before = rows(lone)["slowdowns"]
    for number in range(8):
        refused(lone.post("/oauth/token", {"grant_type": "x"}, auth=(f"made-up-{number}", "x")), "invalid_client", 401)
    assert rows(lone)["slowdowns"] <= before + 1 + 2 * 8
