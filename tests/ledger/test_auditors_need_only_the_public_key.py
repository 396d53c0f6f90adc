"""`gateway ledger`: the operator exports, the auditor verifies elsewhere, with no store, no settings and no secret."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.ledger_verify import verify
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import open_store
from tests.fork_server import ForkedPopen
from tests.gateway.servers import command, environment
from tests.ledger.logs import NAMES, entry
from tests.ledger.paper import NEW, OLD, paper

ISSUER = {"GATEWAY_ISSUER": "https://data.example"}


async def fill(folder: Path, count: int) -> None:
    config = StoreConfig.local(folder)
    await upgrade(config)
    store = await open_store(config)
    for number in range(count):
        await store.ledger.append(entry(number))
    await store.close()


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a gateway that has recorded 30 reads."""
    folder = tmp_path_factory.mktemp("operator")
    asyncio.run(fill(folder, 30))
    yield folder


def ledger(folder: Path, *arguments: str) -> str:
    done = command(["ledger", *arguments], folder, **ISSUER)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(verify, [each.replace("{}", str(folder)) for each in arguments])


@pytest.fixture
def auditor(tmp_path: Path) -> Path:
    """A folder with an export, a key and a checkpoint."""
    whole = paper()
    (tmp_path / "export").write_bytes(whole.content())
    (tmp_path / "pub").write_text(f"{NEW.verifier}\n{OLD.verifier}\n")
    (tmp_path / "kept").write_text(whole.note_at(8))
    return tmp_path


def test_from_the_operator_to_the_auditor(operator: Path, tmp_path: Path) -> None:
    """The whole way, each command as it is typed; the auditor's machine has nothing but three files."""
    nothing = command(["ledger", "checkpoint"], operator, **ISSUER)
    assert (nothing.returncode, nothing.stdout) == (3, "")
    assert "gateway ledger seal" in nothing.stderr
    ledger(operator, "seal")
    (tmp_path / "ledger.pub").write_text(ledger(operator, "public-key"))
    (tmp_path / "kept").write_text(ledger(operator, "checkpoint"))
    asyncio.run(fill(operator, 12))
    ledger(operator, "seal")
    ledger(operator, "export", "ledger.ndjson")
    ledger(operator, "export", "part.ndjson", "--from", str(tmp_path / "kept"))
    assert stat.S_IMODE((operator / "ledger.ndjson").stat().st_mode) == 0o600
    assert not list(operator.glob("*.part"))
    for name in ("ledger.ndjson", "part.ndjson"):
        (operator / name).rename(tmp_path / name)
    for name, said in (("ledger.ndjson", "entries 0 to 41"), ("part.ndjson", "entries 30 to 41")):
        done = run(tmp_path, f"{{}}/{name}", "--key", "{}/ledger.pub", "--from", "{}/kept")
        assert done.exit_code == 0, done.output
        assert said in done.stdout
        assert "VERIFIED: all of it is as it was signed by data.example/ledger+" in done.stdout
    content = (tmp_path / "ledger.ndjson").read_bytes()
    (tmp_path / "ledger.ndjson").write_bytes(content.replace(b'"purpose":"INVOICING"', b'"purpose":"DEBUGGING"', 1))
    done = run(tmp_path, "{}/ledger.ndjson", "--key", "{}/ledger.pub")
    assert done.exit_code == 1
    assert "Entry 0 was altered" in done.stdout
    assert "NOT VERIFIED: 1 findings." in done.stdout


def test_it_is_verified_where_there_is_no_store_and_no_setting(auditor: Path) -> None:
    """Whatever this machine's settings say, and however wrong they are."""
    done = command(["ledger", "verify", "export", "--key", "pub"], auditor, PORT="nonsense", GATEWAY_DATABASE_URL="x")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in auditor.iterdir()} == {"export", "pub", "kept"}, "and nothing is made"


def test_one_entry_is_proven_by_a_file(operator: Path, tmp_path: Path) -> None:
    ledger(operator, "seal")
    (tmp_path / "ledger.pub").write_text(ledger(operator, "public-key"))
    text = ledger(operator, "prove", "7")
    (tmp_path / "7.tlog-proof").write_text(text)
    done = run(tmp_path, "{}/7.tlog-proof", "--key", "{}/ledger.pub")
    assert done.exit_code == 0
    assert "this is entry 7 of the " in done.stdout
    found = done.stdout.splitlines()[1]
    assert json.loads(found)["subjects"] == [NAMES[7]]
    (operator / "entry.json").write_text(found + "\n")
    assert ledger(operator, "prove", "entry.json") == text
    (tmp_path / "7.tlog-proof").write_text(text.replace("index 7", "index 6"))
    done = run(tmp_path, "{}/7.tlog-proof", "--key", "{}/ledger.pub")
    assert (done.exit_code, "NOT VERIFIED" in done.stdout) == (1, True)
    for unknown, code in (("100000", 1), ("no-such-file", 2)):
        done = command(["ledger", "prove", unknown], operator)
        assert (done.returncode, done.stdout) == (code, "")
        assert "Traceback" not in done.stderr


def test_a_key_is_replaced_and_the_auditor_is_told(operator: Path, tmp_path: Path) -> None:
    new = ledger(operator, "rotate-key")
    assert ledger(operator, "public-key") == new
    _, old = ledger(operator, "public-key", "--all").splitlines()
    assert ledger(operator, "checkpoint").count("— ") == 2
    ledger(operator, "export", "ledger.ndjson")
    for key in (old, new):
        done = run(operator, "{}/ledger.ndjson", "--key", key.strip())
        assert done.exit_code == 0, "both signed the last checkpoint of the old one"


def until_it_handles(process: subprocess.Popen[str], sign: signal.Signals) -> None:
    """Wait until a process has a handler for a signal: before, the signal would just end it."""
    status, deadline = Path(f"/proc/{process.pid}/status"), time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) >> (sign - 1) & 1:
            return
        time.sleep(0.05)


def test_sealing_goes_on_until_it_is_told_to_stop(operator: Path) -> None:
    arguments = ["gateway", "ledger", "seal", "--watch"]
    with ForkedPopen(
        arguments, env=environment(operator, **ISSUER), cwd=operator, stderr=subprocess.PIPE, text=True
    ) as process:
        asyncio.run(fill(operator, 3))
        until_it_handles(process, signal.SIGTERM)
        asyncio.run(asyncio.sleep(1.5))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "entries are signed." in said


def test_a_ledger_without_a_name_says_what_to_set(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path, 1))
    done = command(["ledger", "seal"], tmp_path)
    assert done.returncode == 3
    assert "GATEWAY_ISSUER" in done.stderr
    assert "Traceback" not in done.stderr


def test_verified_is_0_and_not_verified_is_1(auditor: Path) -> None:
    good = run(auditor, "{}/export", "--key", "{}/pub", "--from", "{}/kept")
    assert good.exit_code == 0, good.output
    assert run(auditor, "{}/export", "--key", str(NEW.verifier)).exit_code == 0
    (auditor / "kept").write_text(paper(13).note_at(13))
    bad = run(auditor, "{}/export", "--key", "{}/pub", "--from", "{}/kept")
    assert bad.exit_code == 1
    assert "before the 13 of the checkpoint that was kept" in bad.output


def test_without_a_key_it_says_what_that_means(auditor: Path) -> None:
    done = run(auditor, "{}/export")
    assert done.exit_code == 0
    assert "not whose it is" in done.stderr


def test_the_report_as_json(auditor: Path) -> None:
    done = run(auditor, "{}/export", "--key", "{}/pub", "--json")
    report = json.loads(done.stdout)
    assert (report["verified"], report["size"], report["checkpoints"], report["findings"]) == (True, 12, 4, [])
    (auditor / "export").write_bytes((auditor / "export").read_bytes()[:-10])
    report = json.loads(run(auditor, "{}/export", "--key", "{}/pub", "--json").stdout)
    assert (report["verified"], report["found"]) == (False, len(report["findings"]))


@pytest.mark.parametrize(
    "arguments",
    [["{}/none"], ["{}/export", "--key", "nonsense"], ["{}/export", "--key", "{}/export"], ["{}/export", "--nonsense"]],
)
def test_wrong_usage_is_2(auditor: Path, arguments: list[str]) -> None:
    done = run(auditor, *arguments)
    assert done.exit_code == 2
    assert "Usage:" in done.output


def test_what_is_no_export_is_3(auditor: Path) -> None:
    (auditor / "export").write_text("hello\n")
    done = run(auditor, "{}/export", "--key", "{}/pub")
    assert done.exit_code == 3
    assert "not an export" in done.output


def test_a_proof_needs_a_key(auditor: Path) -> None:
    (auditor / "proof").write_text("c2sp.org/tlog-proof@v1\n")
    assert run(auditor, "{}/proof").exit_code == 2
    assert run(auditor, "{}/proof", "--key", "{}/pub").exit_code == 1
