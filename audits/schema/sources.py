"""Texts to audit: a file, standard input, or a file of a git revision."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

GIT = "git:"
STDIN = "-"


class UnreadableError(Exception):
    """The text cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its name."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The SHA-256 in hexadecimal: reports with the same one are about the same schema."""
        return sha256(self.text.encode()).hexdigest()


def read_text(where: str) -> Text:
    """Read a file, `-` (standard input) or `git:REVISION:PATH`; UnreadableError if that fails."""
    if where.startswith(GIT):
        return Text(where, _decoded(where, _from_git(where)))
    if where == STDIN:
        return Text("<stdin>", _decoded("<stdin>", sys.stdin.buffer.read()))
    try:
        return Text(where, _decoded(where, Path(where).read_bytes()))
    except OSError as error:
        raise UnreadableError(f"{where}: {error.strerror or 'cannot be read'}.") from error


def _decoded(name: str, raw: bytes) -> str:
    try:
        # Editors on Windows write a byte order mark.
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"{name}:{line}: not UTF-8 text (byte {error.start}). Save the file as UTF-8.") from error


def _from_git(where: str) -> bytes:
    revision, colon, path = where.removeprefix(GIT).partition(":")
    if not (revision and colon and path):
        raise UnreadableError(f"{where}: write git:REVISION:PATH, such as git:main:schema/schema.graphql.")
    try:
        # --end-of-options: a revision that begins with a dash is a name that git does not know, never an option.
        done = subprocess.run(  # noqa: S603
            ["git", "show", "--end-of-options", f"{revision}:{path}"],  # noqa: S607 (the git of whoever runs it)
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise UnreadableError(f"{where}: git cannot be run ({error.strerror}).") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UnreadableError(f"{where}: {said[0] if said else 'git does not have it'}")
    return done.stdout
