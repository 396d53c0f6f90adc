"""Common and compromised passwords are refused by lists on this machine, whatever way they are set by (S2, R37)."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import gateway
from gateway.config.settings import read
from gateway.run.dependencies import make_means
from resolvers.account.passwords import password_problems
from resolvers.account.passwords_changing import change
from resolvers.account.passwords_resets import Done
from resolvers.passwords import building as passwords_building
from resolvers.passwords.building import build
from resolvers.passwords.lists import SHIPPED, PasswordList, PasswordListError, ReplaceableList, shipped
from resolvers.passwords.rules import Rules
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import Lobby, link_in, means
from tests.signin.people import Person, add_person

pytestmark = pytest.mark.anyio

WORD = "harpsichord at noon"


def listed(path: Path, *lines: str) -> Path:
    """A list of these."""
    build([io.BytesIO("\n".join(lines).encode())], path)
    return path


def hashed(word: str) -> str:
    """A line of a public list."""
    return f"{sha1(word.encode()).hexdigest().upper()}:{len(word)}"


def test_what_ships_is_small_sorted_and_says_where_it_is_from() -> None:
    """S2: made by `tools/common_passwords.py` from a list under the MIT licence."""
    assert SHIPPED.stat().st_size < 1_000_000 and shipped().count > 49_000
    body = SHIPPED.read_bytes()[16:]
    rows = [body[at : at + 6] for at in range(0, len(body), 6)]
    assert rows == sorted(set(rows))
    notice = SHIPPED.with_name("NOTICE").read_text()
    assert "@zxcvbn-ts/language-common" in notice and "Permission is hereby granted" in notice
    assert shipped().holds(["letmein"]) and not shipped().holds([WORD, ""])


def test_words_and_hashes_are_one_list(tmp_path: Path) -> None:
    """S2: in any order, with or without counts, in capitals or not, in Latin-1 too; twice is once."""
    lines = [hashed("Tr0ub4dor and three"), hashed("second-compromised").lower().split(":")[0], WORD, WORD, "", "\r"]
    sources = [io.BytesIO("\r\n".join(lines).encode()), io.BytesIO("f\u00eate du printemps".encode("latin-1"))]
    assert build(sources, tmp_path / "list") == 6, "each word as it is and squeezed"
    found = PasswordList(tmp_path / "list")
    for word in ("Tr0ub4dor and three", "second-compromised", WORD, "f\u00eate du printemps", "harpsichordatnoon"):
        assert found.holds([word])
    assert not found.holds(["Harpsichord", "", hashed(WORD)])


@pytest.mark.parametrize("attempt", ["harpsichord at noon", "Harpsichord At Noon!1", "HARPSICHORDATNOON"])
def test_the_operators_list_refuses(tmp_path: Path, attempt: str) -> None:
    """S2."""
    assert password_problems(attempt) == []
    rules = Rules(lists=(shipped(), ReplaceableList(listed(tmp_path / "list", WORD))))
    assert [problem.code for problem in password_problems(attempt, rules=rules)] == ["PASSWORD_COMMON"]
    assert password_problems(attempt + " and then some more words", rules=rules) == [], "the whole of it is compared"


def test_runs_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many more lines than are sorted at once."""
    monkeypatch.setattr(passwords_building, "RUN", 100)
    monkeypatch.setattr(passwords_building, "BLOCK", 7)
    words = [f"{n:015}" for n in range(2_000)]
    assert build([io.BytesIO("\n".join([*words, *words]).encode())], tmp_path / "list") == 2_000
    found = PasswordList(tmp_path / "list")
    assert all(found.holds([word]) for word in words) and not found.holds(["000000000002000"])


class Endless(io.RawIOBase):
    """So many lines that never are in memory together."""

    def __init__(self, lines: int) -> None:
        self._lines: Iterator[bytes] = (b"%016X%024X:7\n" % (n, n) for n in range(lines))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def test_millions_of_lines_take_the_same_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S2: ten times as many lines, the same memory."""
    monkeypatch.setattr(passwords_building, "RUN", 5_000)
    monkeypatch.setattr(passwords_building, "BLOCK", 64)
    peaks = []
    for lines in (20_000, 200_000):
        tracemalloc.start()
        assert build([io.BufferedReader(Endless(lines))], tmp_path / "list") == lines
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 500_000


def test_lines_that_are_no_passwords_are_passed_over(tmp_path: Path) -> None:
    """D7: a line of any length is not kept."""
    text = b"x" * 3_000_000 + b"\n" + WORD.encode() + b"\n" + b"y" * 5_000
    assert build([io.BytesIO(text)], tmp_path / "list") == 2


def test_it_is_replaced_while_running_and_a_broken_one_is_not_believed(tmp_path: Path) -> None:
    """S2."""
    path = listed(tmp_path / "list", "an earlier password")
    running = ReplaceableList(path)
    assert not running.holds([WORD])
    listed(path, WORD)
    assert running.holds([WORD]) and not running.holds(["an earlier password"])
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes()[:-3])
    os.replace(other, path)
    assert running.holds([WORD]), "the earlier one goes on"
    listed(path, WORD)
    assert running.holds([WORD])
    path.unlink()
    assert running.holds([WORD])
    listed(path, "a later password")
    assert running.holds(["a later password"])


@pytest.mark.parametrize(
    "content", [b"", b"PWLIST1", b"password\n" * 10, b"PWLIST1\x08" + b"\0" * 7 + b"\x02" + b"x" * 8]
)
def test_what_is_no_list_stops_the_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    settings = read({"GATEWAY_PASSWORD_LIST": str(path), "GATEWAY_ISSUER": "https://data.example"})
    with pytest.raises(PasswordListError, match="gateway passwords build"):
        make_means(settings)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S2: from files and standard input to the file of the setting."""
    words, target = tmp_path / "words.txt", tmp_path / "compromised.bin"
    words.write_text(f"{WORD}\n{hashed('another one of them')}\n")
    monkeypatch.setenv("GATEWAY_PASSWORD_LIST", str(target))
    done = CliRunner().invoke(gateway, ["passwords", "build", str(words), "-"], input="from standard input\n")
    assert done.exit_code == 0 and done.output.startswith("5 passwords are refused now"), done.output
    assert PasswordList(target).holds(["from standard input"]) and PasswordList(target).holds(["another one of them"])
    settings = read({"GATEWAY_PASSWORD_LIST": str(target), "GATEWAY_ISSUER": "https://data.example"})
    assert [each.code for each in password_problems(WORD, rules=make_means(settings).passwords)] == ["PASSWORD_COMMON"]
    for arguments, said in (([str(tmp_path / "none")], "cannot be read"), ([os.devnull], "no password in it")):
        failed = CliRunner().invoke(gateway, ["passwords", "build", *arguments])
        assert failed.exit_code == 3 and said in failed.output
    assert PasswordList(target).holds([WORD]), "what failed replaced nothing"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["compromised.bin", "words.txt"]
    monkeypatch.delenv("GATEWAY_PASSWORD_LIST")
    failed = CliRunner().invoke(gateway, ["passwords", "build", str(words)])
    assert failed.exit_code == 3 and "GATEWAY_PASSWORD_LIST" in failed.output


async def test_one_rule_for_every_way(lobby: Lobby, somebody: Person, tmp_path: Path) -> None:
    """S2, R37: the API and the pages change by `change`, a reset by `follow`; the list holds for both."""
    rules = Rules(lists=(shipped(), ReplaceableList(listed(tmp_path / "list", WORD))))
    strict = Lobby(lobby.store, means(passwords=rules))
    actor = await strict.actor(await strict.enter(somebody))
    (problem,) = (await change(actor, None, somebody.password, WORD)).problems
    assert problem.code == "PASSWORD_COMMON"
    await strict.resets.request("CLIENT_AREA", somebody.login, strict.visitor, strict.now)
    secret = link_in((await strict.letters(somebody))[-1])
    found = await strict.resets.follow(secret, WORD, strict.visitor, strict.now)
    assert isinstance(found, tuple) and [each.code for each in found] == ["PASSWORD_COMMON"]
    assert isinstance(await strict.resets.follow(secret, WORD + " too", strict.visitor, strict.now), Done)


@ONE_STORE
async def test_twelve_characters_where_the_second_factor_is_on(lobby: Lobby) -> None:
    """S2: for this customer and this platform."""
    loose = Lobby(lobby.store, means(passwords=Rules(minimum=12)))
    guarded, bare = await add_person(lobby.store, totp=True), await add_person(lobby.store)
    for person, platform, codes in (
        (guarded, "CLIENT_AREA", []),
        (guarded, "WEBMAIL", ["PASSWORD_TOO_SHORT"]),
        (bare, "CLIENT_AREA", ["PASSWORD_TOO_SHORT"]),
    ):
        actor = await loose.actor(await loose.enter(person, platform))
        result = await change(actor, None, person.passwords[platform], "gibbon velve")
        assert [problem.code for problem in result.problems] == codes
        assert all("15" in str(problem.message) for problem in result.problems)
