"""What is erased is gone, and what is signed is true: one story on SQLite and on PostgreSQL (issue 17).

Real, and each in a process of its own: `gateway serve`, `gateway worker`, the operator's commands, the mail server, the
affiliate, the partner, the dumps (`pg_dump`, SQLite's `iterdump`), backups and restores, PostgreSQL. What is told of
them is compared with what they wrote down themselves. The test holds the one clock that all processes but PostgreSQL go
by (`shared_clock`), and turns it. Only the invoice is written by the test, since billing is not the gateway's.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest

from tests.journeys.estates import estate
from tests.journeys.papers import Story
from tests.journeys.remains import Remains
from tests.journeys.works import opened_works
from tests.stores import KINDS


@pytest.mark.parametrize("before", range(4))
def test_the_search_finds_every_spelling(before: int, tmp_path: Path) -> None:
    """Or the story could end well because nothing was looked for."""
    text, value = "Obersülzbach?", bytes(range(200, 232))
    sought = Remains({"city": text}, {"key": value})
    file = tmp_path / "file"
    for encoded in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
        inside = b"x" * before + encoded + b"yz"
        hidden = (inside, inside.hex().encode(), inside.hex().upper().encode(), b64encode(inside))
        for content in (*hidden, urlsafe_b64encode(inside)):
            file.write_bytes(bytes(5_000) + content + bytes(5_000))
            assert sought.in_files([file, tmp_path / "none"]) == {str(file): {"city"}}, content
    for content in (value, value.hex().encode(), value.hex().upper().encode()):
        assert sought.within(content) == {"key"}
    assert sought.within(b"Obersuelzbach") == set()


@pytest.mark.parametrize("kind", KINDS)
def test_erased_is_gone(kind: str, tmp_path: Path) -> None:
    stores = tmp_path / "stores"
    with estate(kind, stores) as made, opened_works(tmp_path, made, stores) as works:
        story = Story(works)
        story.open_company()
        story.register()
        customer = story.sign_in()
        story.pay(customer)
        story.be_read(customer)
        made.back_up(tmp_path / "backup")
        story.withdraw_card(customer)
        story.ask_to_be_erased(customer)
        story.begin_erasure(customer)
        story.end_dumps()
        story.bring_outsiders_back()
        story.verify()
        story.is_gone()
        story.restore_data(tmp_path / "backup")
        story.restore_everything(tmp_path / "backup")
