"""The drill of the operator's book, by its own commands: back up, lose everything, restore, erase again, rotate."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from store.database.config import StoreConfig
from tests.erasure.house import REQUEST, House, opened_house
from tests.erasure.test_restored_by_number import reopened
from tests.gateway.servers import environment, running
from tests.ledger.logs import Log
from tests.operating.events import ROOT
from tests.programs import needs
from tests.promises.gate import own
from tests.stores import Databases

pytestmark = pytest.mark.anyio

BOOK = (ROOT / "docs/operating/README.md").read_text("utf-8")
Shell = Callable[[str], str]


def commands(heading: str) -> list[str]:
    """The commands of the first block of a chapter, without their comments."""
    chapter = BOOK.split(f"\n## {heading}\n", 1)[1]
    block = chapter.split("```sh\n", 1)[1].split("```", 1)[0]
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.split("#")[0].strip()]


def shell(folder: Path, env: dict[str, str], programs: Path | None = None) -> Shell:
    """Runs a line as an operator does; AssertionError unless it ends with 0."""
    path = f"{Path(sys.executable).parent}:{env['PATH']}" + (f":{programs}" if programs is None else "")
    if programs is not None:
        path = f"{programs}:{path}"

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-euc", line], cwd=folder, env=env | {"PATH": path}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


async def before(config: StoreConfig) -> House:
    """Two customers, of whom one may be erased; the ledger is signed."""
    async with opened_house(config, 2) as house:
        await house.end_services(0)
        await house.keys.signing()
        await Log(house.store, house.tree).sealer.extend_all()
    return house


async def erased(config: StoreConfig, house: House) -> str:
    """Erase the first one after the backup; returns the certificate."""
    async with reopened(config, house) as again:
        await again.ask(REQUEST, 0)
        again.wait(days=5)
        row = await again.until_done(0)
        await Log(again.store, again.tree).sealer.extend_all()
        house.gate.clock.now = again.gate.clock.now
        return str(row.certificate)


async def after(config: StoreConfig, house: House) -> None:
    """Who was erased stays erased, and everybody else is there."""
    async with reopened(config, house) as back:
        assert await back.store.keys.subjects([back.gate.ids[0]]) == [None]
        others = await back.gate.ask("{ me { email } }", own(back.gate.ids[1]))
        assert others.data["me"]["email"] == house.gate.people[1].email


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_the_drill_on_postgresql(store_config: StoreConfig, databases: Databases, tmp_path: Path) -> None:
    house = await before(store_config)
    main, keys = (str(each.url.database) for each in (store_config.database, store_config.key_store))
    env = environment(
        tmp_path,
        GATEWAY_DATABASE_URL=store_config.database_url,
        GATEWAY_KEY_STORE_URL=store_config.key_store_url,
        GATEWAY_ROOT_KEY_PATH=str(store_config.root_key_path),
        GATEWAY_ISSUER="https://data.example",
        PGHOST=databases.server.url(main).rpartition("host=")[2],
        PGUSER="postgres",
    )
    run = shell(tmp_path, env, databases.server.programs)

    def here(line: str) -> str:
        """The line with the names of this test's databases."""
        return re.sub(r"-d (customers|keys)\b", lambda found: f"-d {main if found[1] == 'customers' else keys}", line)

    run("gateway ledger seal")  # As the gateway does by itself, each minute.
    backups = [line for line in commands("Backup") if not line.startswith("sqlite3")]
    assert [line.split()[0] for line in backups] == ["pg_dump", "pg_dump", "gateway"]
    for line in backups:
        run(here(line))
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / "4711.txt").write_text(await erased(store_config, house))
    run("gateway ledger public-key > ledger.pub")

    restores = commands("Restore, and the drill of it")
    at = restores.index("gateway serve")
    for line in restores[:at]:
        run(here(line))
    (redo,) = re.findall(r"`(gateway erasures redo [^`]+)`", BOOK)
    run(redo)
    settings = {name: value for name, value in env.items() if name.startswith("GATEWAY_")}
    with running(["-m", "gateway", "serve"], tmp_path, **settings) as server:
        assert server.process.poll() is None
    for line in restores[at + 1 :]:
        run(here(line))
    await after(store_config, house)


@needs("sqlite3")
@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_the_online_backup_of_sqlite(store_config: StoreConfig, tmp_path: Path) -> None:
    """While a process has the files open, in the order data, ledger, keys."""
    folder = store_config.root_key_path.parent
    run = shell(folder, environment(folder))
    (line,) = (each for each in commands("Backup") if each.startswith("sqlite3"))
    names = ("data", "ledger", "keys")
    async with opened_house(store_config, 2) as house:
        await house.end_services(0)
        await house.keys.signing()
        await Log(house.store, house.tree).sealer.extend_all()
        for name in names:
            run(line.replace("data", name))
    certificate = await erased(store_config, house)
    (folder / "4711.txt").write_text(certificate)
    run("gateway ledger public-key > ledger.pub")
    for name in names:
        for path in folder.glob(f"{name}.db*"):
            path.unlink()
        (folder / f"{name}-copy.db").rename(folder / f"{name}.db")
    run("gateway db upgrade")
    run("gateway erasures redo 4711.txt --key ledger.pub")
    await after(store_config, house)
