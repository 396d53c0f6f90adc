"""As much of JSON Schema (2020-12) as our own schema files use; a word that is not here fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

KINDS: Mapping[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
SAID = {"$schema", "$defs", "title", "description"}
KNOWN = SAID | {
    "$ref", "type", "const", "enum", "pattern", "required", "properties", "additionalProperties", "items"
}  # fmt: skip


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What does not fit, with the place of each."""
    return list(_faults(schema, schema, value, "$"))


def _faults(root: Mapping[str, Any], schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from _faults(root, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, at)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    if kinds and not any(KINDS[kind](value) for kind in kinds):
        yield f"{at} is no {'/'.join(kinds)}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at} does not match {schema['pattern']}"
    if isinstance(value, dict):
        yield from _of_object(root, schema, value, at)
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            yield from _faults(root, schema["items"], each, f"{at}[{number}]")


def _of_object(root: Mapping[str, Any], schema: Mapping[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at} lacks {name}" for name in schema.get("required", ()) if name not in value)
    known, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name, each in value.items():
        if name in known:
            yield from _faults(root, known[name], each, f"{at}.{name}")
        elif others is False:
            yield f"{at}.{name} is unknown"
        else:
            yield from _faults(root, others, each, f"{at}.{name}")
