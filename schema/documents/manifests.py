"""Reads the documents to publish: manifests of Relay and Apollo, and plain files of GraphQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from audits.schema.sources import STDIN, Text, UnreadableError, read_text

APOLLO = "apollo-persisted-query-manifest"
SUFFIXES = (".graphql", ".gql")


@dataclass(frozen=True, slots=True)
class PublishedDocument:
    """One document, by the SHA-256 of its text."""

    hash: str
    text: Text


def read_documents(where: str) -> list[PublishedDocument]:
    """Read a manifest, a file of GraphQL, or a folder of such files, at any depth; UnreadableError.

    A manifest is JSON: Relay's `{hash: text}`, or Apollo's `{"format": "apollo-persisted-query-manifest", …}`. Each id
    must be the SHA-256 of its text, which is what clients send and what the gateway compares.
    """
    path = Path(where)
    if where != STDIN and path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES)
        found = [document for each in files for document in read_documents(str(each))]
    else:
        text = read_text(where)
        found = list(
            _of_manifest(text) if text.text.lstrip().startswith('{"') or path.suffix == ".json" else _plain(text)
        )
    if not found:
        raise UnreadableError(f"{where}: there are no documents in it.")
    return found


def _plain(text: Text) -> Iterator[PublishedDocument]:
    yield PublishedDocument(sha256(text.text.encode()).hexdigest(), text)


def _of_manifest(text: Text) -> Iterator[PublishedDocument]:
    try:
        content = json.loads(text.text)
    except ValueError as error:
        raise UnreadableError(f"{text.name}: it is not JSON ({error}).") from error
    if not isinstance(content, dict):
        raise UnreadableError(f"{text.name}: a manifest is a JSON object of Relay's or Apollo's form.")
    for name, (id_, body) in _entries(text.name, content):
        found = sha256(body.encode()).hexdigest()
        if id_.removeprefix("sha256:").lower() != found:
            raise UnreadableError(
                f"{text.name}: the id of {name} is not the SHA-256 of its text. For Relay set "
                '`persistConfig: {"algorithm": "SHA256"}`; Apollo\'s manifest has it by default.'
            )
        yield PublishedDocument(found, Text(f"{text.name}#{name}", body))


def _entries(name: str, content: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the name, id and text of each entry."""
    listed: list[tuple[Any, Any, Any]]
    if "format" not in content:  # Relay's
        listed = [(key[:12], key, body) for key, body in content.items()]
    elif content["format"] != APOLLO or content.get("version") != 1 or not isinstance(content.get("operations"), list):
        raise UnreadableError(f'{name}: of manifests with a "format", {APOLLO} of version 1 is read.')
    else:
        each_has = [each if isinstance(each, dict) else {} for each in content["operations"]]
        listed = [(each.get("name") or "an operation", each.get("id"), each.get("body")) for each in each_has]
    for label, id_, body in listed:
        if not isinstance(id_, str) or not isinstance(body, str):
            raise UnreadableError(f"{name}: {label} lacks its id or its text.")
        yield str(label), (id_, body)
