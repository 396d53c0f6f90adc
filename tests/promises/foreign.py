"""Texts that are hard to read, and the work of reading one of some size: a refusal is a result as good as any."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from authlib.oauth2 import OAuth2Error

from gateway.http.problems import ProblemError
from gateway.tokens.jwts import InvalidJwtError
from gateway.tokens.tokens import TokenError
from resolvers.clients.registration import RegistrationError
from resolvers.factors.passkeys import PasskeyError
from resolvers.inputs.report import ImportFileError
from store.merkle.signed_note import NoteInvalidError

Read = Callable[[Any], object]
EXPECTED = (
    *(ProblemError, TokenError, OAuth2Error, InvalidJwtError, ValueError),
    *(ImportFileError, NoteInvalidError, RegistrationError, PasskeyError),
)
MARKS = "\u0301\u0316"
"""Two combining marks in the wrong order: putting a run of them in order takes the square of its length."""
DOUBLED = "\u0f73"
"""One combining mark that is two marks in each normal form."""
LONG = "\ufdfa"
"""One character that is eighteen of them in Unicode's compatibility forms."""
HARD = (
    *(" ", "\t", "\r\n", "a", "0", "A", "a.", "a=b;", "é", "é.", "ß", "\u200d", "xn--", MARKS, DOUBLED, LONG),
    *('"', "'", '\\"', "\\", ",", ";", "=", "&", "%", "%41", ".", "-", "_", "/", "[", "{", "(", "@", "+"),
)


def each_of(*readers: Read) -> Read:
    """All of them, one after the other, whatever the ones before say."""

    def read(text: Any) -> None:
        for each in readers:
            with suppress(*EXPECTED):
                each(text)

    return read


def reading(read: Read, pump: str) -> Callable[[int], Callable[[], object]]:
    """The work of reading a text of some size that consists of repetitions."""
    whole = each_of(read)

    def work(size: int) -> Callable[[], object]:
        text = pump * (size // len(pump))
        return lambda: whole(text)

    return work
