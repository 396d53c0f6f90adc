"""`Customer.version` increases as its description says, so that `ifVersion` protects the profile and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from store.database.store import Store
from tests.promises.gate import Gate, own

pytestmark = pytest.mark.anyio


async def test_the_version_counts_what_its_description_says(store: Store) -> None:
    gate = await Gate.of(store, 1)

    async def after(change: str) -> Any:
        answer = await gate.ask(f"mutation {{ {change} {{ userErrors {{ code }} }} }}", own(gate.ids[0]))
        assert [each["userErrors"] for each in answer.data.values()] == [[]], answer.raw
        return (await gate.ask("{ me { version } }", own(gate.ids[0]))).data["me"]["version"]

    assert await after("updateProfile(input: {})") == 1
    assert await after('updateProfile(input: {locale: "fr"})') == 2
    assert await after("setProductNews(input: {wanted: false})") == 2
    assert await after('updateProfile(input: {locale: "de", ifVersion: 2})') == 3
