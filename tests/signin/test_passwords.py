"""Passwords: which are accepted, what is said of the others (R37, A13, S2)."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.demo import demo_password
from gateway.demo.population import population
from resolvers.passwords import CLASSES, faults, measure, normal
from resolvers.passwords_hashing import MOST_BYTES, Cost, Crowded, Hasher, too_long
from tests.promises.gate import TODAY

pytestmark = pytest.mark.anyio

OWN = ["Yolanda", "Grumpf", "yolanda.grumpf@example.org", "grumpfwerke", "Hagebuttenweg", "+41790001122", "李明"]


def codes(password: str) -> set[str]:
    return {problem.code for problem in faults(password, OWN)}


@pytest.mark.parametrize(
    "password",
    [
        "kX9-vT2.qLm4",
        "Quittenbrot-c1!Zz",
        "gibbon velvet tractor moon",
        "Ünïcode-Pass9word",
        "rätsel wolke bürste lampe",
    ],
)
def test_accepted(password: str) -> None:
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("kX9-vT2.qLm", "PASSWORD_TOO_SHORT"),
        ("kx9-vt2.qlm4", "PASSWORD_LACKS_CLASSES"),
        ("KX9-VT2.QLM4", "PASSWORD_LACKS_CLASSES"),
        ("kXq-vTr.qLmd", "PASSWORD_LACKS_CLASSES"),
        ("kX9avT2bqLm4", "PASSWORD_LACKS_CLASSES"),
        ("Password1234!", "PASSWORD_COMMON"),
        ("P@ssw0rd2024!", "PASSWORD_COMMON"),
        ("qwertyQWERTY1!", "PASSWORD_COMMON"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "PASSWORD_COMMON"),
        ("passwordpasswordpassword", "PASSWORD_COMMON"),
        ("correct horse battery staple", "PASSWORD_COMMON"),
        ("To be or not to be, that!", "PASSWORD_COMMON"),
        ("Yolanda-kX9-vT2.qLm4", "PASSWORD_PERSONAL"),
        ("kX9-GRÜMPF-vT2.qLm4", "PASSWORD_PERSONAL"),
        ("kX9-vT2.qLm4-4179 000 1122", "PASSWORD_PERSONAL"),
        ("kX9-vT2.李明-qLm4", "PASSWORD_PERSONAL"),
        ("", "PASSWORD_TOO_SHORT"),
        ("🙂" * 300, "PASSWORD_TOO_LONG"),
        ("a" * (MOST_BYTES + 1), "PASSWORD_TOO_LONG"),
    ],
)
def test_refused_with_what_to_change(password: str, code: str) -> None:
    assert code in codes(password)


def test_messages_name_what_is_missing_and_never_the_password() -> None:
    (problem,) = faults("quittenbrot-zz9")
    assert problem.code == "PASSWORD_LACKS_CLASSES"
    assert "an upper-case letter" in problem.message and "a digit" not in problem.message
    for password in ("Yolanda-kX9-vT2.qLm4", "Password1234!"):
        assert all(password not in problem.message for problem in faults(password, OWN))


def test_the_meter_shows_the_four_classes() -> None:
    """R37: the notice's recommendation, as the person types."""
    assert measure("aB3-").missing == ()
    assert measure("aaaa").missing == ("upper", "digit", "sign")
    assert measure("ÄÖ").classes == {"upper"}
    assert measure("字").classes == {"lower"}
    assert set(CLASSES) == {"upper", "lower", "digit", "sign"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_no_text_breaks_the_rules_or_takes_long(password: str) -> None:
    began = perf_counter()
    faults(normal(password), OWN)
    assert perf_counter() - began < 1


def test_the_same_password_typed_on_another_keyboard_is_the_same() -> None:
    assert normal("Ünï-Pass") == normal("U\u0308ni\u0308-Pass")
    assert normal("a\u00a0b") == "a b"


def test_the_demo_keeps_the_rules() -> None:
    for person in population(TODAY, 40):
        for credential in person.credentials:
            assert faults(demo_password(person.email, credential.platform)) == []


async def test_hashes_cost_what_owasp_says() -> None:
    """S2: argon2id, 19 MiB, two passes, one lane."""
    hasher = Hasher()
    made = await hasher.hash("kX9-vT2.qLm4")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not hasher.stale(made) and hasher.stale(PasswordHasher(1, 8, 1).hash("x"))
    assert await hasher.verify(made, "kX9-vT2.qLm4") and not await hasher.verify(made, "kX9-vT2.qLm5")
    assert not await hasher.verify(None, "kX9-vT2.qLm4")
    assert not await hasher.verify("not a hash", "kX9-vT2.qLm4")


async def test_nothing_long_is_hashed_and_the_queue_has_an_end() -> None:
    """S2; and a flood of sign-ins may use so many threads and no more."""
    hasher = Hasher(Cost(kibibytes=64, passes=1), threads=1, waiting=4)
    with pytest.raises(ValueError, match="length"):
        await hasher.hash("a" * (MOST_BYTES + 1))
    assert too_long("é" * 513) and not too_long("é" * 512)
    found = await asyncio.gather(*(hasher.hash("kX9-vT2.qLm4") for _ in range(9)), return_exceptions=True)
    assert sum(isinstance(each, Crowded) for each in found) == 5
    assert isinstance(await hasher.hash("kX9-vT2.qLm4"), str), "there is room again"
