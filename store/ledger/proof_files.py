"""A file with the proofs of many entries under one checkpoint: evidence that is verified without the other entries.

    {"format":"gateway-ledger-proofs-1","checkpoint":"…"}
    {"index":4711,"path":["…"],"entry":{…}}        from the leaf's sibling to the root (RFC 9162, section 2.1.3)

Hashes are base64 (RFC 4648, section 4).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from store.ledger.proofs import Inclusion
from store.merkle.checkpoints import open_checkpoint
from store.merkle.merkle_tree import leaf_hash, verify_inclusion
from store.merkle.signed_note import NoteInvalidError, VerifierKey, unbase64

FORMAT = "gateway-ledger-proofs-1"
HEADER = b'{"format":"%s"' % FORMAT.encode()
SHOWN = 100
"""Maximum findings in a report; further ones are only counted."""


def header_line(note: str) -> bytes:
    """Return the first line: the signed checkpoint that all proofs lead to."""
    return orjson.dumps({"format": FORMAT, "checkpoint": note}) + b"\n"


def proof_line(inclusion: Inclusion, entry: bytes) -> bytes:
    """Return the line of one entry; `entry` is its canonical text."""
    path = orjson.dumps([b64encode(each).decode() for each in inclusion.path])
    return b'{"index":%d,"path":%s,"entry":%s}\n' % (inclusion.index, path, entry)


@dataclass(slots=True)
class ProofsReport:
    """The result of a verification; findings name entries by their index."""

    origin: str
    size: int
    proven: int = 0
    found: int = 0
    findings: list[str] = field(default_factory=list)

    def find(self, text: str) -> None:
        """Record a finding."""
        self.found += 1
        if len(self.findings) < SHOWN:
            self.findings.append(text)


def check_proofs(lines: Iterable[bytes], keys: Iterable[VerifierKey]) -> ProofsReport:
    """Verify every line offline; NoteInvalidError when the file has no checkpoint that one of the keys signed.

    1. one of the keys signed the checkpoint; 2. each path leads from the entry, at its index, to the checkpoint's root.
    """
    reading = iter(lines)
    try:
        header = orjson.loads(next(reading))
        note = str(header["checkpoint"])
    except (StopIteration, orjson.JSONDecodeError, KeyError, TypeError):
        raise NoteInvalidError("its first line has no checkpoint") from None
    checkpoint, _ = open_checkpoint(note, keys)  # 1
    report = ProofsReport(checkpoint.origin, checkpoint.size)
    for number, line in enumerate(reading, start=2):
        try:
            index, path, entry = _read(line)
        except (ValueError, KeyError, TypeError):
            report.find(f"Line {number} cannot be read.")
            continue
        if 0 <= index < checkpoint.size and verify_inclusion(  # 2
            index, checkpoint.size, leaf_hash(entry), path, checkpoint.root
        ):
            report.proven += 1
        else:
            report.find(f"Entry {index} is not as it was signed.")
    return report


def _read(line: bytes) -> tuple[int, list[bytes], bytes]:
    head, parting, rest = line.rstrip(b"\n").partition(b',"entry":')
    if not parting:
        raise ValueError("no entry")
    given = orjson.loads(head + b"}")
    # The entry's own bytes, not what a parser made of them: they are what was hashed.
    return int(given["index"]), [unbase64(each) for each in given["path"]], rest.removesuffix(b"}")
