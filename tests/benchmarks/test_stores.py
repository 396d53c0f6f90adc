"""What the benchmarks load is read by the gateway as by the hand-written endpoint, before any time is taken."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from benchmarks import equal, profile
from benchmarks.contestants import Running, running
from benchmarks.copying import make_databases
from benchmarks.effort import QUICK
from benchmarks.open_loop import tail
from benchmarks.people import customer_id, person
from benchmarks.postgres import Postgres
from benchmarks.questions import read
from benchmarks.rig import Rig
from benchmarks.stage import Stage
from benchmarks.workspace import REPOSITORY, Workspace, bare_environment

SIZE = 600
ASKED = {"W1": 20, "W2": 5, "W3": 5, "W4": 5, "W5": 5, "T1": 20}


def silent(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A folder of the test's own."""
    return Workspace(tmp_path_factory.mktemp("benchmarks")).prepare()


@pytest.fixture(scope="module")
def stage(work: Workspace) -> Stage:
    """Stores in files."""
    return Stage(work, SIZE, None, silent)


@pytest.fixture(scope="module")
def servers(stage: Stage, work: Workspace) -> Iterator[list[Running]]:
    """Endpoint and gateway, and the endpoint with duties, in processes of their own."""
    with running(stage.four(ASKED) + stage.dutiful(ASKED), work, bare_environment(), None) as found:
        yield found


@pytest.mark.parametrize("workload", ASKED)
def test_gateway_and_endpoint_answer_alike_or_the_gateway_refuses(servers: list[Running], workload: str) -> None:
    """The same fields with the same values for the same customers; W5 is refused for its one field."""
    endpoint, gateway, dutiful = servers
    equal.check([gateway, dutiful], endpoint, [workload], ASKED[workload])


def test_who_has_duties_does_them(servers: list[Running], work: Workspace) -> None:
    """An audit row with the pseudonyms for each answer, and none without a token."""
    target = servers[2].target("W3")
    assert target is not None and target.requests is not None
    request = next(read(target.requests))
    audit = work.folder / "run" / "dutiful-audit.db"
    with closing(sqlite3.connect(audit)) as connection:
        count = "SELECT count(*), max(length(subjects)) FROM endpoint_audit"
        ((before, _),) = connection.execute(count)
        equal.ask(target, request)
        ((after, longest),) = connection.execute(count)
        assert after == before + 1 and longest > 22 * 50
        assert equal.ask(target, request.replace(b"Bearer ", b"Bearer x")) == b""
        assert connection.execute(count).fetchone()[0] == after


def test_latency_at_a_fixed_rate_counts_from_when_a_question_was_due(servers: list[Running]) -> None:
    target = servers[0].target("W1")
    assert target is not None
    found = tail(target, 50, 1)
    assert (found.asked, found.errors) == (50, 0)
    assert 0 < found.p50 <= found.p99 <= found.most


def test_what_is_read_is_the_customer_who_was_asked_for(servers: list[Running], stage: Stage) -> None:
    """Not merely two equal answers: this person's own values."""
    target = servers[1].target("T1")
    assert target is not None and target.requests is not None
    answer = equal.plain(orjson.loads(equal.ask(target, next(read(target.requests)))))["data"]["customer"]
    someone = person(int(answer["id"]) - customer_id(0))
    assert answer["email"] == someone.email
    assert answer["fullName"] == f"{someone.given} {someone.family}"
    assert answer["postalAddress"]["postalCode"] == someone.postal_code
    assert [each["name"] for each in answer["services"]["nodes"]] == [each.name for each in someone.services]


def test_a_difference_is_found(servers: list[Running]) -> None:
    """A check that cannot fail would prove nothing."""
    endpoint, gateway, _ = servers
    with pytest.raises(equal.UnequalAnswersError):
        equal._compare("W1", gateway, [{"data": {"customer": {"email": "a"}}}], endpoint, [{"data": None}])
    assert not equal.refused({"data": None, "errors": []})


def test_an_operation_runs_one_statement_a_level_and_none_when_refused(
    anyio_backend: str, stage: Stage, work: Workspace
) -> None:
    """DESIGN 10: statements do not depend on the size of the page."""
    import anyio

    rig = Rig(work, QUICK, None, None, silent, {QUICK.size: stage})
    assert anyio.run(profile.statements, rig) == {"W1": 3, "W2": 2, "W3": 1, "W5": 0}


def test_postgresql_holds_the_same_customers(work: Workspace, stage: Stage) -> None:
    """Copied ciphertexts open there, too."""
    # Not in pytest's own folder, which is closed to the server's user.
    folder = Path(tempfile.mkdtemp(prefix="gateway-benchmarks-"))
    server = Postgres(folder / "postgres")
    try:
        larger = f"gateway_{SIZE}0_kept"
        asyncio.run(server.run("postgres", f"CREATE DATABASE {larger}"))
        make_databases(server, stage.files, SIZE, silent)
        assert asyncio.run(server.databases(larger)) == [larger]  # Those of other sizes are left alone.
        both = Stage(work, SIZE, server, silent).four({"W1": 5, "W2": 2})
        with running(both, work, bare_environment(), None) as found:
            equal.check(found[1:], found[0], ["W1", "W2"], 2)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_no_path_of_this_machine_is_written() -> None:
    """Functions of the profile are named by their place in the repository or in a library."""
    assert profile.place(str(Path(profile.__file__)), 7) == "benchmarks/profile.py:7"
    assert profile.place("/somewhere/lib/python3.11/asyncio/runners.py", 7) == "asyncio/runners.py:7"


@pytest.mark.parametrize(
    ("file", "name", "room"),
    [
        (str(REPOSITORY / "store" / "ledger" / "append.py"), "append", "store/ledger"),
        (str(REPOSITORY / ".venv" / "lib" / "site-packages" / "uvicorn" / "main.py"), "run", "uvicorn"),
        ("<plan 7>", "answer", "compiled plan"),
        ("~", "<method 'execute' of 'sqlite3.Connection' objects>", "sqlite3 (C)"),
        ("/somewhere/lib/python3.11/asyncio/runners.py", "run", "standard library"),
    ],
)
def test_a_function_is_counted_for_its_room(file: str, name: str, room: str) -> None:
    assert profile.room(file, name) == room
