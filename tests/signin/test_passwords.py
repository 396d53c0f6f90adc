"""Passwords: which are accepted, what is said of the others (R37, A13, S2)."""

from __future__ import annotations

import asyncio
import secrets
from time import process_time

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.settings import SettingsError, read
from gateway.demo import demo_password
from gateway.demo.population import population
from resolvers.account.passwords import measure, password_problems
from resolvers.passwords.hashing import Cost, Hasher, HashingBusyError
from resolvers.passwords.rules import Rules
from resolvers.passwords.text import CLASSES, MOST_BYTES, normal, too_long
from tests.promises.gate import TODAY

pytestmark = pytest.mark.anyio

OWN = ["Yolanda", "Grumpf", "yolanda.grumpf@example.org", "grumpfwerke", "Hagebuttenweg", "+41790001122", "李明"]


def codes(password: str) -> set[str]:
    return {problem.code for problem in password_problems(password, OWN)}


@pytest.mark.parametrize(
    "password",
    [
        "gibbon velvet t",
        "velvettractormoon",
        "839201746558213",
        "QUARTZ SPHINX JUDGED",
        "Quittenbrot-c1!Zz",
        "Ünïcode Päss wörter",
        "rätsel wolke bürste",
        "汉字和别的符号十五个字符足够长",
        "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆",
        "my password is hard to guess",
        "dragons and football with 123456",
    ],
)
def test_any_text_of_fifteen_characters_is_accepted(password: str) -> None:
    """S2, A13: no classes are asked for, and no part of a text is compared (NIST SP 800-63B-4)."""
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("gibbon velvet ", "PASSWORD_TOO_SHORT"),
        ("kX9-vT2.qLm4!Q", "PASSWORD_TOO_SHORT"),
        ("🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤", "PASSWORD_TOO_SHORT"),
        ("Password1234!", "PASSWORD_COMMON"),
        ("P@ssw0rd2024!", "PASSWORD_COMMON"),
        ("M0therfucker!2026", "PASSWORD_COMMON"),
        ("qwertyQWERTY1!", "PASSWORD_COMMON"),
        ("qwertyuiopasdfgh", "PASSWORD_COMMON"),
        ("1qaz2wsx3edc4rfv", "PASSWORD_COMMON"),
        ("987654321098765", "PASSWORD_COMMON"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", "PASSWORD_COMMON"),
        ("🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊", "PASSWORD_COMMON"),
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
    """S2."""
    assert code in codes(password)


def test_characters_are_code_points_after_normalisation() -> None:
    """S2: a letter and its accent are one, however they were typed; an emoji of four bytes is one."""
    typed = "u\u0308" * 7 + "o\u0308" * 7
    assert [problem.code for problem in password_problems(normal(typed))] == ["PASSWORD_TOO_SHORT"]
    assert password_problems(normal("Brombeer\u0308e-Wolke")) == []


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=15, max_size=200))
def test_only_common_ones_are_refused_among_long_texts(password: str) -> None:
    """S2, A13: whatever it is made of."""
    text = normal(password)
    assert {problem.code for problem in password_problems(text)} <= {"PASSWORD_COMMON", "PASSWORD_TOO_SHORT"}
    assert len(text) < 15 or "PASSWORD_TOO_SHORT" not in {problem.code for problem in password_problems(text)}


def test_random_passwords_are_never_refused() -> None:
    """S2: the filter mistakes nothing."""
    for _ in range(5_000):
        assert password_problems(secrets.token_urlsafe(12)[:15]) == []


def test_twelve_are_enough_with_a_second_factor_if_the_operator_says_so() -> None:
    """S2: and never without one."""
    loose, strict = Rules(minimum=12), Rules(minimum=20)
    assert password_problems("gibbon velve", rules=loose, guarded=True) == []
    assert [each.code for each in password_problems("gibbon velv", rules=loose, guarded=True)] == ["PASSWORD_TOO_SHORT"]
    assert [each.code for each in password_problems("gibbon velvet ", rules=loose)] == ["PASSWORD_TOO_SHORT"]
    assert [each.code for each in password_problems("gibbon velvet", guarded=True)] == ["PASSWORD_TOO_SHORT"]
    assert [each.code for each in password_problems("gibbon velvet tract", rules=strict)] == ["PASSWORD_TOO_SHORT"]
    with pytest.raises(SettingsError):
        read({"GATEWAY_PASSWORD_MINIMUM": "11"})


def test_the_four_classes_are_a_setting() -> None:
    """R37, A13."""
    (problem,) = password_problems("quittenbrot-zz9 brot", rules=Rules(classes=True))
    assert problem.code == "PASSWORD_LACKS_CLASSES"
    assert "an upper-case letter" in str(problem.message) and "a digit" not in str(problem.message)
    assert password_problems("Quittenbrot-zz9 brot", rules=Rules(classes=True)) == []
    found = read({"GATEWAY_PASSWORD_CLASSES": "yes"})
    assert found.password_classes and not read({}).password_classes and read({}).password_minimum == 15


def test_messages_never_repeat_the_password() -> None:
    for password in ("Yolanda-kX9-vT2.qLm4", "Password1234!"):
        found = password_problems(password, OWN)
        assert found and all(password not in str(problem.message) for problem in found)


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
    began = process_time()
    password_problems(normal(password), OWN)
    assert process_time() - began < 1


def test_the_same_password_typed_on_another_keyboard_is_the_same() -> None:
    assert normal("Ünï-Pass") == normal("U\u0308ni\u0308-Pass")
    assert normal("a\u00a0b") == "a b"


def test_the_demo_keeps_the_rules() -> None:
    for person in population(TODAY, 40):
        for credential in person.credentials:
            assert password_problems(demo_password(person.email, credential.platform)) == []


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
    assert sum(isinstance(each, HashingBusyError) for each in found) == 5
    assert isinstance(await hasher.hash("kX9-vT2.qLm4"), str), "there is room again"
