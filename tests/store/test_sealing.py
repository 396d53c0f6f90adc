"""D2: sealed values cannot be moved, a flipped bit is an error, nonces never repeat."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from threading import Thread

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, select, update

from store.crypto.global_ids import GlobalIds
from store.crypto.sealing import OVERHEAD, SealBrokenError, Sealed, SealingNonces, next_nonce, seal, unseal
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.customers import customers
from tests.store.people import add_customers, value

IDS = GlobalIds({1: bytes(32)}, 1)

KEY = AESGCM(bytes(range(32)))
PLACE = b"customers.email:7:7"


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again_and_is_longer_by_the_overhead(plaintext: bytes) -> None:
    sealed = seal(KEY, PLACE, plaintext)
    assert unseal(KEY, PLACE, sealed) == plaintext
    assert len(sealed) == len(plaintext) + OVERHEAD


def test_every_flipped_bit_is_an_error() -> None:
    sealed = seal(KEY, PLACE, b"person@example.com")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBrokenError):
            unseal(KEY, PLACE, bytes(changed))


@given(st.binary(max_size=60))
def test_anything_else_is_an_error_and_never_garbage(noise: bytes) -> None:
    for value_ in (noise, b"\x01" + noise):
        with pytest.raises(SealBrokenError):
            unseal(KEY, PLACE, value_)


def test_a_value_opens_only_in_its_own_place() -> None:
    key = SubjectKey(7, bytes(32), 0.0, IDS)
    sealed = key.seal("customers.email", 1, b"a")
    assert key.open(customers.c.email, 1, sealed) == b"a"
    other_customer = SubjectKey(8, bytes(32), 0.0, IDS)  # With the same key even.
    for opener, column, row in (
        (key, "customers.email", 2),
        (key, "customers.phone", 1),
        (key, "domains.email", 1),
        (other_customer, "customers.email", 1),
        (SubjectKey(7, bytes(31) + b"\x01", 0.0, IDS), "customers.email", 1),
    ):
        with pytest.raises(SealBrokenError):
            opener.open(column, row, sealed)


@pytest.mark.anyio
async def test_values_swapped_in_the_database_do_not_open(store: Store) -> None:
    first, second = await add_customers(store, 2)
    c = customers.c
    one = store.reader.prepare(select(c.email, c.phone).where(c.id == bindparam("id")))
    ((email, phone),) = await store.reader.fetch(one, {"id": first})
    async with store.write() as connection:
        await connection.execute(update(customers).where(c.id == second).values(email=email))
        await connection.execute(update(customers).where(c.id == first).values(email=phone, phone=email))
    keys = await store.keys.subjects([first, second])
    for id_, key in zip((first, second), keys, strict=True):
        assert key is not None
        ((moved, _),) = await store.reader.fetch(one, {"id": id_})
        with pytest.raises(SealBrokenError):
            key.open("customers.email", id_, moved)
    assert keys[0] is not None
    assert keys[0].open("customers.email", first, email).decode() == value("email", 0)


def test_a_sealed_value_raises_where_it_would_be_printed() -> None:
    sealed = seal(KEY, PLACE, b"person@example.com")
    for show in (str, format, "{}".format, lambda it: f"{it:>5}", lambda it: "%s" % it):
        with pytest.raises(TypeError):
            show(sealed)
    assert repr(sealed) == f"<sealed, {len(sealed)} bytes>"
    assert isinstance(sealed, Sealed)


def test_nonces_do_not_repeat_across_threads_and_a_wrapped_counter() -> None:
    nonces = SealingNonces(limit=1000)
    drawn: list[bytes] = []
    threads = [Thread(target=lambda: drawn.extend([nonces() for _ in range(5000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 20_000
    assert {len(nonce) for nonce in drawn} == {12}
    assert len({nonce[:8] for nonce in drawn}) >= 20, "a new prefix each time the counter wraps"


def _draw(pipe: Connection) -> None:
    pipe.send([next_nonce() for _ in range(500)])


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_nonces_do_not_repeat_across_processes(method: str) -> None:
    context = multiprocessing.get_context(method)
    drawn = [next_nonce() for _ in range(500)]
    for _ in range(2):
        here, there = context.Pipe()
        child = context.Process(target=_draw, args=(there,))  # type: ignore[attr-defined]
        child.start()
        drawn += here.recv()
        child.join()
    drawn += [next_nonce() for _ in range(500)]
    assert len(set(drawn)) == 2000


def test_a_plain_fork_draws_a_new_prefix() -> None:
    read, write = os.pipe()
    before = next_nonce()
    if not (child := os.fork()):
        os.write(write, next_nonce())
        os._exit(0)
    os.waitpid(child, 0)
    in_child = os.read(read, 12)
    os.close(read)
    os.close(write)
    assert in_child[:8] != before[:8] == next_nonce()[:8]
