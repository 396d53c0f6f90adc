"""A new personal datum does not load until it is complete: tried on a copy of the program (G9).

That nothing more is needed than docs/architecture.md says is tried in tests/measures.
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
FLOORS = ("policy", "messages", "store", "resolvers", "schema")
PRINT = """
from schema.api.build import core_schema, sdl
from schema.model.lint import require_clean
from schema.model.model import SchemaModel
require_clean(SchemaModel(core_schema()))
print(sdl(), end="")
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the program, and the schema that it serves unchanged."""

    folder: Path
    sdl: str

    def change(self, file: str, before: str, after: str) -> None:
        """Write `after` in the place of `before`, from the file as it is here."""
        text = (HERE / file).read_text()
        assert text.count(before) == 1, (file, before)
        (self.folder / file).write_text(text.replace(before, after))

    def printed(self) -> tuple[str, str]:
        """The schema that the copy serves, or why it does not start."""
        done = subprocess.run(
            [sys.executable, "-c", PRINT], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return done.stdout, done.stderr

    def gained(self, sdl: str) -> list[str]:
        """What the printed schema has gained or lost: each line up to its colon, empty ones left out."""
        lines = [each for each in difflib.ndiff(self.sdl.splitlines(), sdl.splitlines()) if each[0] in "+-"]
        return sorted(each[0] + each[2:].split(":")[0].strip() for each in lines if each[2:].strip())


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Where changes are tried."""
    folder = tmp_path_factory.mktemp("copy")
    for floor in FLOORS:
        shutil.copytree(HERE / floor, folder / floor, ignore=shutil.ignore_patterns("__pycache__"))
    sdl, problem = Copy(folder, "").printed()
    assert sdl and problem == ""
    return Copy(folder, sdl)


COLUMN = '    sealed("phone", Category.PHONE),\n'
FIELD = "    locale: LanguageTag | None = datum("


def test_a_new_personal_datum_is_refused_until_it_is_complete(copied: Copy) -> None:
    copied.change("store/tables/customers.py", COLUMN, COLUMN + '    sealed("nickname", Category.NAME),\n')

    def line(text: str) -> str:
        copied.change("schema/types/customers.py", FIELD, f"    nickname: str | None = {text}\n{FIELD}")
        return copied.printed()[1]

    refused = line('strawberry.field(description="How friends say it.")')
    assert "Customer.nickname: declares nothing" in refused
    refused = line('datum(customers.c.nickname, "How friends say it.", ())')
    assert "Customer.nickname: names no purposes" in refused
    refused = line('datum(customers.c.nickname, "How friends say it.", (Purpose.PRODUCT_NEWS,))')
    assert "Customer.nickname: R12" in refused, "a hard rule of the notice"
    assert line('datum(customers.c.nickname, "How friends say it.", (Purpose.PERSONALISE_COMMUNICATION, SELF))') == ""
    sdl, _ = copied.printed()
    assert (
        "  nickname: String @personalData(category: NAME) @purpose(allows: [PERSONALISE_COMMUNICATION, SELF_SERVICE])"
    ) in sdl, "category and retention are the column's and the table's, said once"
    assert copied.gained(sdl) == ['+"""How friends say it."""', "+nickname"]


def test_a_column_without_a_category_is_not_shown(copied: Copy) -> None:
    copied.change("store/tables/customers.py", COLUMN, COLUMN + '    plain("nickname", String(20), None),\n')
    field = 'nickname: str | None = datum(customers.c.nickname, "How friends say it.", (SELF,))'
    copied.change("schema/types/customers.py", FIELD, f"    {field}\n{FIELD}")
    assert "Customer.nickname: names no category" in copied.printed()[1]
