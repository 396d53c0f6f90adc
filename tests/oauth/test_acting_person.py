"""Who acts behind a tool: a JWT with the tool's key, good once and for a minute, for somebody who works here now."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select

from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import RegistrationError
from resolvers.registers.staff import Staff
from store.accesses.staff_pseudonyms import shown_code, staff_pseudonym
from store.database.store import Store
from store.ledger.entries import ledger_entries
from tests.oauth.relying import Relying
from tests.oauth.site import EC_KEY
from tests.sharing.signing import officer

QUERY = "{ customers(first: 2) { nodes { fullName } } }"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def person(
    rp: Relying, code: str = "CARE-3", key: ECKey = EC_KEY, typ: str = "acting-person+jwt", **changes: Any
) -> str:
    """The header of a request, as a tool signs it."""
    claims = {
        "iss": "signer", "aud": rp.site.issuer, "sub": code, "iat": int(time.time()), "jti": str(uuid.uuid4())
    } | changes  # fmt: skip
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", "typ": typ}, kept, key, algorithms=["ES256"])


def ask(rp: Relying, token: str, header: str | None = None, replica: int = 0) -> Any:
    """One reading, and what it answers."""
    headers = {"authorization": f"Bearer {token}"} | ({} if header is None else {"acting-person": header})
    return rp.site.http.post(rp.url("/graphql", replica), json={"query": QUERY}, headers=headers)


def signer_token(rp: Relying) -> str:
    """A token of the tool that signs."""
    response = rp.post("/oauth/token", {"grant_type": "client_credentials"} | rp.assertion())
    return str(response.json()["access_token"])


@pytest.fixture
def staffed(rp: Relying, tmp_path: Path) -> Relying:
    """A site with somebody in support, and somebody who has left."""

    async def employ(store: Store) -> None:
        known = {row.code for row in await Staff(store).listed()}
        if "CARE-3" not in known:
            await officer(store, tmp_path, "CARE-3", "SUPPORT")
            await officer(store, tmp_path, "GONE-1", "SUPPORT")
            await Staff(store).set_disabled("GONE-1", NOW)

    rp.site.on_store(employ)
    return rp


def newest(rp: Relying) -> dict[str, Any]:
    """The newest entry of the ledger."""

    async def read(store: Store) -> dict[str, Any]:
        query = select(ledger_entries.c.entry).order_by(ledger_entries.c.sequence.desc()).limit(1)
        ((entry,),) = await store.ledger_reader.fetch(store.ledger_reader.prepare(query), {})
        return dict(orjson.loads(entry))

    return rp.site.on_store(read)


def test_the_person_stands_in_the_ledger_by_pseudonym_and_role(staffed: Relying) -> None:
    """A header is good once at all replicas together; the code itself is nowhere in the entry."""
    token, header = signer_token(staffed), person(staffed)
    answer = ask(staffed, token, header)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]["customers"]["nodes"]) == 2
    entry = newest(staffed)

    async def expected(store: Store) -> str:
        return await staff_pseudonym(store.keys.system, "CARE-3")

    pseudonym = staffed.site.on_store(expected)
    assert entry["person"] == {"pseudonym": pseudonym, "role": "SUPPORT"}
    assert "CARE-3" not in orjson.dumps(entry).decode()
    assert len(shown_code(pseudonym)) == 9
    for replica in (0, 1):
        again = ask(staffed, token, header, replica)
        assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (401, "ACTING_PERSON_INVALID")
    assert newest(staffed) == entry, "who is refused reads nothing"
    assert ask(staffed, token).status_code == 200
    assert "person" not in newest(staffed)


def test_what_is_not_signed_for_this_moment_and_place_is_refused(staffed: Relying) -> None:
    token, now = signer_token(staffed), int(time.time())
    wrong = {
        "another key": person(staffed, key=ECKey.generate_key("P-256")),
        "another type": person(staffed, typ="JWT"),
        "another client": person(staffed, iss="billing"),
        "another place": person(staffed, aud="https://elsewhere.example"),
        "too old": person(staffed, iat=now - 120),
        "from the future": person(staffed, iat=now + 120),
        "without a time": person(staffed, iat=None),
        "without an id": person(staffed, jti=None),
        "has left": person(staffed, "GONE-1"),
        "nobody": person(staffed, "NOBODY-9"),
        "no code": person(staffed, "jean@example.com"),
        "no JWT": "x" * 40,
    }
    for name, header in wrong.items():
        answer = ask(staffed, token, header)
        assert answer.status_code == 401, name
        error = answer.json()["errors"][0]
        assert error["extensions"]["code"] == "ACTING_PERSON_INVALID", name
        assert "GONE" not in error["message"] and "jean" not in error["message"]


def test_a_client_may_be_bound_to_name_who_asks(staffed: Relying) -> None:
    """From the next request on, at every replica; only a client with a key can be."""
    token = signer_token(staffed)

    async def require(store: Store, client: str, required: bool) -> None:
        await ClientRegistrar(store).set_person(client, required, datetime.now(UTC))

    try:
        staffed.site.on_store(lambda store: require(store, "signer", True))
        for replica in (0, 1):
            answer = ask(staffed, token, None, replica)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
                403, "ACTING_PERSON_REQUIRED",
            )  # fmt: skip
        assert ask(staffed, token, person(staffed)).status_code == 200
    finally:
        staffed.site.on_store(lambda store: require(store, "signer", False))
    with pytest.raises(RegistrationError, match="no registered key"):
        staffed.site.on_store(lambda store: require(store, "billing", True))


def test_a_customer_acts_for_nobody_else(staffed: Relying) -> None:
    token = staffed.tokens()["access_token"]
    headers = {"authorization": f"Bearer {token}", "acting-person": person(staffed)}
    answer = staffed.site.http.post(staffed.url("/graphql"), json={"query": "{ me { id } }"}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "INVALID_HEADER")
