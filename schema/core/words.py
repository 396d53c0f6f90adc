"""GraphQL enums derived from the closed lists of values of the store's columns, so that each list is written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import strawberry


def enumerated(name: str, words: Sequence[str] | Mapping[str, Any], description: str) -> Any:
    """A GraphQL enum whose members have these words as names and values; a mapping gives `strawberry.enum_value`s."""
    members = dict(words) if isinstance(words, Mapping) else {word: word for word in words}
    # The functional API, since the members come from the store's lists.
    made: Any = Enum(name, members)  # type: ignore[misc]  # the members are known at run time only
    return strawberry.enum(made, description=description)


def worded(name: str, words: Sequence[str], description: str, sentences: Mapping[str, str]) -> Any:
    """A GraphQL enum of these words, each with its sentence; ValueError if one lacks a sentence, or has gone."""
    if set(words) != sentences.keys():
        raise ValueError(f"{name}: the sentences are not those of the words {sorted(set(words) ^ sentences.keys())}")
    members = {word: strawberry.enum_value(word, description=sentences[word]) for word in words}
    return enumerated(name, members, description)
