"""Whether a function says that it never returns None."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def returns_value(function: Callable[..., Any] | None) -> bool:
    """Return whether the annotation of a function excludes None; without a function the value is as it was read."""
    if function is None or isinstance(function, type):
        return True
    try:
        returned = get_type_hints(function).get("return", Any)
    except (NameError, TypeError):  # A function of C, or a name that only a type checker imports.
        return False
    return not any(each in (Any, None, NoneType) for each in _alternatives(returned))


def _alternatives(hint: Any) -> Iterator[Any]:
    if get_origin(hint) in (Union, UnionType):
        for each in get_args(hint):
            yield from _alternatives(each)
    else:
        yield hint
