"""The names that the product uses for itself belong to nobody else (O12)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.clients import CLIENTS
from policy.own_names import OWN_CLIENTS, is_own_name
from policy.purposes import Purpose
from resolvers.clients.client_area import ID
from resolvers.clients.registration import ID as ID_FORM

ROOT = Path(__file__).parents[2]
FLOORS = ("gateway", "schema", "resolvers", "workers", "audits", "store")


def used() -> Iterator[str]:
    """What the product's own code calls a client: in grants, in entries, in constants of that name."""
    for folder in FLOORS:
        for path in (ROOT / folder).rglob("*.py"):
            if path.is_relative_to(ROOT / "gateway" / "demo"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Assign(targets=[ast.Name(id="CLIENT")], value=ast.Constant(value=str(name))):
                        yield name
                    case ast.keyword(arg="client_id", value=ast.Constant(value=str(name))):
                        yield name
                    case ast.Dict():
                        pairs = zip(node.keys, node.values, strict=True)
                        yield from (
                            value.value
                            for key, value in pairs
                            if isinstance(key, ast.Constant) and key.value in ("client", "client_id")
                            and isinstance(value, ast.Constant) and isinstance(value.value, str)
                        )  # fmt: skip


def test_whatever_the_product_calls_itself_is_reserved() -> None:
    """O12: a name that is added to the code must be added here, or an app could stand in the ledger in its place."""
    area = next(each.id for each in CLIENTS if Purpose.SELF_SERVICE in each.purposes)
    ids = {each for each in used() if ID_FORM.fullmatch(each)}
    assert {*ids, ID, area} - OWN_CLIENTS == set()
    assert {"rdap", "sign-in-pages", "client-area", "web", "legal", "retention"} <= OWN_CLIENTS


@pytest.mark.parametrize("name", ["rdap", "RDAP", "client_area", "Client Area", "sign.in.pages", "web", "w-e-b"])
def test_spelling_it_otherwise_gets_nobody_the_name(name: str) -> None:
    assert is_own_name(name)


@pytest.mark.parametrize("name", ["billing", "webshop", "area", "rdap2", "support"])
def test_other_names_are_free(name: str) -> None:
    assert not is_own_name(name)
