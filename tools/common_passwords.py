#!/usr/bin/env python3
"""Build the list of common passwords that ships with the gateway: `resolvers/data/common_passwords.bin`.

    npm install --prefix /tmp/words @zxcvbn-ts/language-common@4.1.3
    .venv/bin/python tools/common_passwords.py /tmp/words/node_modules/@zxcvbn-ts/language-common/src/passwords.json

Besides that list it contains the well-known phrases of `common_phrases.txt`, and sequences of keyboard rows, the
alphabet and the digits from any position, forwards and backwards.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from resolvers.passwords.building import build  # noqa: E402
from resolvers.passwords.lists import SHIPPED  # noqa: E402

WIDTH = 6
"""Bytes of each hash prefix: one password in four thousand million is wrongly taken for one of the list."""
ROWS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiop", "yxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiop", "qsdfghjklm", "wxcvbn", "azertyuiopqsdfghjklmwxcvbn",
    "abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "q1w2e3r4t5y6u7i8o9p0",
)  # fmt: skip
SHORTEST, LONGEST = 4, 40


def sequences() -> Iterator[str]:
    """Every substring of the rows, plain and with doubled characters, forwards and backwards."""
    for row in ROWS:
        for line in (row * 2, "".join(2 * each for each in row)):
            for way in (line, line[::-1]):
                for length in range(SHORTEST, min(LONGEST, len(way)) + 1):
                    for at in range(len(way) - length + 1):
                        yield way[at : at + length]


def main(source: str) -> None:
    """Write the list, and print its length."""
    words = json.loads(Path(source).read_text(encoding="utf-8"))
    phrases = (ROOT / "tools" / "common_phrases.txt").read_text(encoding="utf-8").split()
    text = "\n".join([*words, *phrases, *sequences()])
    SHIPPED.parent.mkdir(exist_ok=True)
    count = build([io.BytesIO(text.encode())], SHIPPED, WIDTH)
    print(f"{count} passwords, {SHIPPED.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
