"""(G16) Ids and cursors tell neither the number of a row or customer, nor the moment in it, wherever they are shown."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import pytest

from gateway.tokens.tokens import Basis
from policy.purposes import Purpose
from resolvers.oauth import refresh_tokens
from store.crypto.cursors import Cursors, ListPlace
from store.crypto.global_ids import GlobalIds
from store.links.receipts import receipt_of
from store.links.unsubscribing import unsubscribe_token
from tests.export.office import Office
from tests.internal_ids import internal_ids, shown
from tests.outbox.test_announcements import subscribe, told
from tests.promises.gate import Gate, grant, own
from tests.promises.test_own_data_only import EVERYTHING, ids_in

pytestmark = pytest.mark.anyio

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
CHANGES = (
    "mutation { setProductNews(input: {wanted: false}) { customer { id } } }",
    "mutation { chooseCookies(input: {measurement: true, marketing: false}) { __typename } }",
    'mutation { addBankTransfer(input: {bankName: "Bank"}) { paymentMethod { id } userErrors { code } } }',
    "mutation { requestErasure(input: {}) { erasure { id } receipt blockedBy { id } userErrors { code message } } }",
    "mutation { requestExport(input: {}) { export { id } userErrors { code } } }",
    "mutation { endOtherSessions(input: {}) { ended } }",
)


async def test_the_search_finds_what_it_is_to_find(gate: Gate) -> None:
    """Otherwise the other tests would prove nothing."""
    ids = await internal_ids(gate.store)
    one = gate.ids[0]
    assert one in ids and len(ids) > 100
    for text in (f"x{one}y", f"a_{one.to_bytes(8, 'big').hex()}", _base64(f"Customer:{one}".encode())):
        assert shown(text, ids) == [one]
    assert shown(_base64(one.to_bytes(8, "big") + bytes(18)), ids) == [one]
    assert shown(gate.id(0), ids) == []


def _base64(content: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(content).decode()


async def test_no_answer_shows_an_internal_id(gate: Gate) -> None:
    """Everything of everybody, pages with their cursors, and every row again by `node(id:)`; on both executors."""
    ids = await internal_ids(gate.store)
    for place in (0, 1, 5):
        answer = await gate.ask(f"{{ me {{ {EVERYTHING} }} grant {{ sessionId }} }}", own(gate.ids[place]))
        assert shown(answer.raw.decode(), ids) == []
        known = ids_in(answer.data["me"])
        assert len(set(known)) > 20
        for id_ in known:
            found = await gate.ask(f'{{ node(id: "{id_}") {{ id }} }}', own(gate.ids[place]))
            assert found.data["node"]["id"] == id_
    page = "{ customers(first: 3) { edges { cursor node { id } } pageInfo { startCursor endCursor } } }"
    for purpose in (Purpose.INVOICING, Purpose.ACCOUNT_SECURITY):
        answer = await gate.ask(page, grant(purpose))
        assert shown(answer.raw.decode(), ids) == []


async def test_no_change_message_letter_or_log_shows_an_internal_id(
    changing: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    """What changes answer, what webhooks are sent, what the ledger keeps, and what is logged on the way."""
    caplog.set_level(logging.DEBUG, "gateway")
    await subscribe(changing.store, "everything")
    who = replace(own(changing.ids[0]), authenticated_at=int(changing.clock.now.timestamp()))
    texts = [(await changing.ask(change, who)).raw.decode() for change in CHANGES]
    receivers = await told(changing.store)
    assert len(receivers) >= 2
    ids = await internal_ids(changing.store)
    texts += [str(content) for _, _, content in receivers]
    texts += [str(entry) for entry in await changing.entries()]
    texts += [str(record.__dict__) for record in caplog.records if record.name.startswith("gateway")]
    (key,) = await changing.store.keys.subjects([changing.ids[0]])
    texts.append(repr(key))
    for text in texts:
        assert shown(text, ids) == [], text


async def test_no_export_shows_an_internal_id(office: Office) -> None:
    """Every form of it."""
    await office.made()
    ids = await internal_ids(office.store)
    for form in ("JSON", "HTML", "PORTABLE"):
        assert shown(await office.text(form=form), ids) == []


async def test_no_token_or_link_shows_an_internal_id(office: Office) -> None:
    """`sub`, `sid` and the family of access tokens, refresh tokens, receipts and unsubscribing links."""
    house, owner = office.store.keys.system, office.customer()
    signer = await office.desk.tokens.signer()
    session, family = owner + 7, owner + 8
    basis = Basis(owner, session, family, int(office.desk.clock()), ("pwd",))
    ids = await internal_ids(office.store) | {session, family}
    token = signer.sign("phone", ("purpose:self_service",), 600, basis=basis)
    refresh = refresh_tokens.write(KEY, b"s" * 16, family, 3)
    texts = [token, refresh, await receipt_of(house, session), await unsubscribe_token(house, owner)]
    for text in texts:
        assert shown(text, ids) == [], text
    claims = await office.desk.tokens.verify(token.encode())
    assert (claims.subject, claims.basis) == (owner, basis)
    presented = refresh_tokens.read(KEY, refresh)
    assert presented is not None and (presented.family, presented.generation) == (family, 3)
    assert presented.is_ours(KEY, b"s" * 16) and not presented.is_ours(OTHER, b"s" * 16)


def test_an_id_is_a_permutation_under_a_versioned_key() -> None:
    """The same row has the same id; another key, type, customer or row another one; old versions go on being read."""
    ids, turned = GlobalIds({1: KEY}, 1), GlobalIds({1: KEY, 2: OTHER}, 2)
    one = ids("Invoice", 5, 7)
    assert one == ids("Invoice", 5, 7) == turned.lasting("Invoice", 5, 7)
    found = ids.decode(one)
    assert found is not None and (found.type_name, found.customer, found.key) == ("Invoice", 5, 7)
    new = turned("Invoice", 5, 7)
    assert new != one and turned.decode(new) == turned.decode(one) == found
    assert ids.decode(new) is None, "a version that has no key"
    assert (
        len(
            {
                one,
                ids("Invoice", 7, 5),
                ids("Invoice", 5, 8),
                ids("Card", 5, 7),
                GlobalIds({1: OTHER}, 1)("Invoice", 5, 7),
            }
        )
        == 5
    )
    for other in (one.replace("Invoice", "Card"), one[:-1] + ("0" if one[-1] != "0" else "1")):
        moved = ids.decode(other)
        assert moved is None or moved.key > 2**40, "what is made up names nobody"


def test_what_is_asked_for_with_made_up_types_does_not_fill_the_memory() -> None:
    """(G15) The ciphers that are kept are bounded."""
    ids = GlobalIds({1: KEY}, 1)
    for number in range(2_000):
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        assert ids.decode(f"T{letters}_1{'0' * 32}") is None or True
    assert len(ids._decryptors) <= 256


def test_an_id_costs_less_than_two_microseconds() -> None:
    """They are made for each row of a page: 0.4 microseconds measured, a cursor 2."""
    encode = GlobalIds({1: KEY}, 1).encoder("Customer")
    seal = Cursors({1: KEY}, 1).sealer(ListPlace("client", None, "Query.customers"))
    for work, most in ((lambda: encode(2**60, 2**61), 4e-6), (lambda: seal(2**60), 2e-5)):
        best = min(_timed(work) for _ in range(5))
        assert best < most


def _timed(work: object) -> float:
    begun = time.process_time()
    for _ in range(2_000):
        work()  # type: ignore[operator]
    return (time.process_time() - begun) / 2_000
