"""D3: key files are 0600, appear whole, are never overwritten; a wrong or missing one stops the start and says why."""

from __future__ import annotations

import logging
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from store.crypto.root_key import (
    RootKeyError,
    RootKeyExposedError,
    RootKeyMismatchError,
    RootKeyMissingError,
    RootKeys,
    write_once,
)
from store.database.config import StoreConfig
from store.database.store import KeyStoreMissingError, open_store
from tests.store.people import add_customers
from tests.stores import opened


def test_the_file_is_for_its_owner_only_and_its_creation_is_loud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "folder" / "root.key"
    keys = RootKeys(path)
    assert not keys.exists
    old = os.umask(0)
    try:
        assert keys.create() == 1
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (message,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert str(path) in message.getMessage()
    assert "Copy it NOW" in message.getMessage()
    secret = next(line for line in path.read_text().splitlines() if line.startswith("key: ")).split()[1]
    assert secret not in caplog.text
    assert [entry.name for entry in path.parent.iterdir()] == ["root.key"], "no temporary file is left"


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    assert write_once(path, b"first")
    assert not write_once(path, b"second")
    assert path.read_bytes() == b"first"


def test_two_who_create_at_once_get_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "root.key"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: _created(path), range(8)))
    version, wrapped = made[0].wrap("x", b"secret")
    assert all(keys.unwrap(version, "x", wrapped) == b"secret" for keys in made)


def _created(path: Path) -> RootKeys:
    keys = RootKeys(path)
    keys.create()
    return keys if not keys.file(2).exists() else RootKeys(path)


def test_a_wrapped_key_opens_only_in_its_place(tmp_path: Path) -> None:
    keys = RootKeys(tmp_path / "root.key")
    keys.create()
    version, wrapped = keys.wrap("subject:1", b"secret")
    with pytest.raises(RootKeyMismatchError):
        keys.unwrap(version, "subject:2", wrapped)
    with pytest.raises(RootKeyMissingError, match=r"root\.key\.7"):
        keys.unwrap(7, "subject:1", wrapped)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda it: b"", "is not a root key file"),
        (lambda it: b"\xff\xfe" + it, "is not a root key file"),
        (lambda it: it.replace(b"key: ", b"key: AAAA"), "is damaged"),
        (lambda it: it[: it.index(b"check")], "is damaged"),
    ],
)
def test_a_damaged_file_says_so(tmp_path: Path, change: object, text: str) -> None:
    path = tmp_path / "root.key"
    RootKeys(path).create()
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(RootKeyMismatchError, match=text):
        RootKeys(path)


def test_a_file_that_everyone_may_read_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "root.key"
    RootKeys(path).create()
    path.chmod(0o644)
    with pytest.raises(RootKeyExposedError, match="chmod 600"):
        RootKeys(path)
    path.chmod(0o640)
    caplog.clear()
    assert RootKeys(path).exists
    assert "group" in caplog.text


@pytest.mark.anyio
async def test_the_first_start_creates_it_and_the_next_one_finds_it(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        first = store.keys.blind_index("email", "a@example.com")
    content = store_config.root_key_path.read_bytes()
    async with opened(store_config) as store:
        assert store.keys.blind_index("email", "a@example.com") == first
    assert store_config.root_key_path.read_bytes() == content


@pytest.mark.anyio
async def test_a_missing_root_key_stops_the_start_and_is_not_made_anew(store_config: StoreConfig) -> None:
    async with opened(store_config):
        pass
    kept = store_config.root_key_path.rename(store_config.root_key_path.with_name("elsewhere"))
    with pytest.raises(RootKeyMissingError, match=r"Restore that file from its backup.*GATEWAY_ROOT_KEY_PATH"):
        await open_store(store_config)
    assert not store_config.root_key_path.exists()
    kept.rename(store_config.root_key_path)
    async with opened(store_config) as store:
        await store.ready()


@pytest.mark.anyio
async def test_a_wrong_root_key_stops_the_start_and_changes_nothing(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        ids = await add_customers(store, 1)
    other = replace(store_config, root_key_path=store_config.root_key_path.with_name("other.key"))
    RootKeys(other.root_key_path).create()
    with pytest.raises(RootKeyMismatchError, match="did not wrap this key store"):
        await open_store(other)
    async with opened(store_config) as store:
        assert None not in await store.keys.subjects(ids)


@pytest.mark.anyio
async def test_customers_without_a_key_store_stop_the_start(
    store_config: StoreConfig, databases: object, store_kind: str
) -> None:
    async with opened(store_config) as store:
        await add_customers(store, 1)
    async with databases.fresh(store_kind) as fresh:  # type: ignore[attr-defined]
        lost = replace(store_config, key_store_url=fresh.key_store_url)
        with pytest.raises(KeyStoreMissingError, match="key store is empty"):
            await open_store(lost)
    assert issubclass(KeyStoreMissingError, RootKeyError)
