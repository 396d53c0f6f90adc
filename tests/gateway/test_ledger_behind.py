"""(D13, F8) A real gateway on a ledger that was rolled back: 503 LEDGER_BEHIND until `gateway ledger resume`."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from gateway.config.settings import read
from gateway.run.head_places import HeadAddress, make_head_place, same_server
from store.database.config import StoreConfig
from store.ledger.heads import SignedHead
from store.merkle.checkpoints import Checkpoint
from store.merkle.merkle_tree import EMPTY
from store.merkle.signed_note import NoteSigner
from store.sql.errors import StoreUnavailableError
from tests.gateway.servers import command, running
from tests.ledger.test_rolled_back import copy_sqlite, put_sqlite

ISSUER = "http://localhost:8000"


def gateway(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command on the folder's store."""
    return command(arguments, folder, GATEWAY_ISSUER=ISSUER)


def done(folder: Path, *arguments: str) -> str:
    """Its output; it must succeed."""
    ran = gateway(folder, *arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_ledger_that_was_put_back_is_refused_until_an_operator_acts(tmp_path: Path) -> None:
    done(tmp_path, "db", "upgrade")
    done(tmp_path, "keys", "rotate")
    done(tmp_path, "ledger", "seal")
    old_key = done(tmp_path, "ledger", "public-key").strip()
    copy_sqlite(tmp_path / "ledger.db", tmp_path / "old.db")
    done(tmp_path, "keys", "rotate")
    done(tmp_path, "ledger", "seal")
    put_sqlite(tmp_path / "old.db", tmp_path / "ledger.db")

    with running(["-m", "gateway", "serve"], tmp_path, GATEWAY_ISSUER=ISSUER) as server:
        for path in ("/readyz", "/ledger/checkpoint", "/ledger/proof/inclusion?index=0", "/"):
            answer = httpx.get(server.url + path)
            assert (answer.status_code, answer.json()["code"]) == (503, "LEDGER_BEHIND"), path
            assert answer.headers["content-type"] == "application/problem+json"
            assert "retry-after" not in answer.headers
            assert "gateway ledger resume --because" in answer.json()["detail"]
        asked = httpx.post(server.url + "/graphql", json={"query": "{ __typename }"})
        assert asked.status_code == 503
        assert asked.json()["errors"][0]["extensions"]["code"] == "LEDGER_BEHIND"
        assert httpx.get(server.url + "/healthz").status_code == 200, "it is alive"
        assert "was signed before, and it has" in server.log()
        assert "remembered on the ledger's own disk" in server.log()

        refused = gateway(tmp_path, "keys", "rotate")
        assert refused.returncode == 3 and "LEDGER" not in refused.stdout
        assert gateway(tmp_path, "ledger", "resume", "--because", "ask ada@example.com").returncode == 2
        new_key = done(tmp_path, "ledger", "resume", "--because", "restored from the backup of Monday").strip()
        assert gateway(tmp_path, "ledger", "resume", "--because", "once more, to be sure").returncode == 1
        for _ in range(1_200):
            if httpx.get(server.url + "/readyz").status_code == 200:
                break
            threading.Event().wait(0.1)
        assert httpx.get(server.url + "/ledger/checkpoint").text.startswith("localhost:8000/ledger/2\n")

    assert "ledger resume" in done(tmp_path, "ledger", "acts")
    done(tmp_path, "ledger", "export", "ledger.ndjson")
    assert "VERIFIED" in done(tmp_path, "ledger", "verify", "ledger.ndjson", "--key", new_key)
    told = gateway(tmp_path, "ledger", "verify", "ledger.ndjson", "--key", old_key)
    assert told.returncode == 1
    assert f"go on with --key {new_key}" in told.stdout


@contextmanager
def keeper() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes additions only."""
    kept: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if kept else 404)
            self.end_headers()
            self.wfile.write(kept[-1] if kept else b"")

        def do_POST(self) -> None:
            kept.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/heads", kept
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.anyio
async def test_heads_are_kept_at_an_address_too() -> None:
    """(D13)"""
    signer = NoteSigner.of("data.example/ledger", bytes(32))
    with keeper() as (address, kept):
        place = make_head_place(read({"GATEWAY_LEDGER_HEAD": address}))
        assert isinstance(place, HeadAddress)
        assert await place.latest() is None
        await place.remember(Checkpoint(signer.name, 0, EMPTY).sign([signer]))
        assert await place.latest() == SignedHead(signer.name, 0, EMPTY)
        assert list(json.loads(kept[0])) == ["checkpoint"]
        kept.append(b'{"checkpoint":"no checkpoint"}')
        with pytest.raises(StoreUnavailableError):
            await place.latest()
    with pytest.raises(StoreUnavailableError):
        await place.latest()
    with pytest.raises(StoreUnavailableError):
        await place.remember("note")


def test_the_start_warns_when_the_head_fails_over_with_the_ledger(tmp_path: Path) -> None:
    """(F8) A head on the same server, or the same disk, is lost together with what it watches."""

    def config(ledger: str, keys: str) -> StoreConfig:
        return StoreConfig(ledger, keys, tmp_path / "root.key", ledger_url=ledger)

    one, other = "postgresql://u@one/data", "postgresql://u@two/keys"
    assert same_server(config(one, "postgresql://u@one:5432/keys"))
    assert not same_server(config(one, other))
    assert not same_server(config(one, f"sqlite:///{tmp_path}/keys.db"))
    assert same_server(StoreConfig.local(tmp_path))
