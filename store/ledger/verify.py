"""Verifies an export of the ledger: offline, in one pass, with only the public key."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, BinaryIO

import msgspec
import orjson

from store.ledger.entries import GAP, KEY_ADDED, PRUNED, RESUMED
from store.ledger.export import FORMAT, ExportHeader, checkpoint_line
from store.ledger.resuming import introduced
from store.merkle.checkpoints import Checkpoint, open_checkpoint
from store.merkle.merkle_tree import Frontier, Hash, span
from store.merkle.signed_note import NoteInvalidError, VerifierKey, unbase64

LONGEST = 64 * 1024 * 1024
"""Maximum bytes of a line."""

SHOWN = 100
"""Maximum findings in a report; further ones are only counted."""

EVERY = 4096
"""Lines between two reports of progress."""


class NotAnExportError(Exception):
    """The file is no export that could be verified; the text says why."""


@dataclass(slots=True)
class VerificationReport:
    """The result of a verification; `findings` are sentences, and none means that everything is as it was signed."""

    head: ExportHeader
    trusted: tuple[VerifierKey, ...]
    entries: int = 0
    """Entries with their text."""
    pruned: int = 0
    """Entries of which only the hash is left."""
    checkpoints: int = 0
    earliest: int | None = None
    latest: int | None = None
    """The times of the first and the last entry with a text, in seconds since 1970, as they state themselves."""
    findings: list[str] = field(default_factory=list)
    found: int = 0
    """The number of all findings, also of those beyond SHOWN."""

    notes: list[str] = field(default_factory=list)
    """Further information for the reader: that the ledger continues under another key or name, and which one."""

    def note(self, text: str) -> None:
        """Add a note once, up to SHOWN notes."""
        if text not in self.notes and len(self.notes) < SHOWN:
            self.notes.append(text)

    def find(self, text: str) -> None:
        """Record a finding."""
        self.found += 1
        if len(self.findings) < SHOWN:
            self.findings.append(text)


def check_export(
    file: BinaryIO,
    keys: Sequence[VerifierKey] = (),
    known: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> VerificationReport:
    """Verify an export; NotAnExportError when it is none.

    `keys` are the trusted keys, by default those that the export itself names; `known` is the note of an earlier
    checkpoint of the caller; `progress` is called with the number of bytes read.

    1. The first line is complete, and its keys are valid. 2. Every entry is at its index, and matches its hash. 3. At
    each checkpoint the hashes so far give the signed root. 4. All its signatures are valid. 5. The last checkpoint
    covers the last entry, and a trusted key signed it. 6. The caller's checkpoint is one of this ledger. 7. Only the
    oldest entries lack their text, and only those that the ledger records as pruned. 8. Checkpoints of another name
    come before an entry that records the resumption under a new one. 9. Keys that a trusted key introduces are
    reported.
    """
    return _Check(file, keys, known, progress or (lambda _: None)).run()


class _Check:
    def __init__(
        self, file: BinaryIO, keys: Sequence[VerifierKey], known: str | None, progress: Callable[[int], None]
    ) -> None:
        self._file = file
        self._progress = progress
        head, self._named, errors = _read_head(file.readline(LONGEST))
        self._report = VerificationReport(head, tuple(keys) or self._named)
        self._all = {*self._report.trusted, *self._named}
        for fault in errors:
            self._report.find(fault)
        self._frontier = _frontier(head)
        self._next = head.first
        """The expected index of the next entry."""
        self._missing: dict[int, None] = {}
        self._sound = True
        """True while the hashes so far can be compared with signed roots: after the first difference every root
        differs."""
        self._matched = head.first
        self._vouched = -1
        """The size of the largest checkpoint signed by a trusted key."""
        self._pruned_to = head.first
        self._may_be_pruned_to = 0
        self._first_entry = self._last_entry = b""
        self._added: set[str] = set()
        """The keys that entries introduce."""
        self._former: dict[str, int] = {}
        """Other names in checkpoints of this ledger, with their largest size."""
        self._resumed: dict[str, int] = {}
        """Former names that an entry records as resumed under another one, with the index of the entry."""
        self._known = self._open_known(known) if known is not None else None

    def run(self) -> VerificationReport:
        """Verify the whole file, then the conditions that need its end."""
        self._compare_known()
        for line in self._lines():
            if line.startswith(b'{"checkpoint":'):
                self._checkpoint(line)
            elif not self._entry(line):
                self._odd_line(line)
        self._end()
        return self._report

    def _lines(self) -> Iterator[bytes]:
        read = number = 0
        while line := self._file.readline(LONGEST):
            number += 1
            read += len(line)
            if number % EVERY == 0:
                self._progress(read)
            yield line
        self._progress(read)

    def _entry(self, line: bytes) -> bool:
        """Process the line if it is the next entry in its exact spelling; False otherwise."""
        prefix = b'{"index":%d,"hash":"' % self._next
        # Compared as bytes, without parsing JSON: this line runs for each of millions of entries.
        # 44 characters are the base64 of 32 bytes.
        at = len(prefix) + 44
        if not (line.startswith(prefix) and line[at : at + 10] == b'","entry":' and line.endswith(b"}\n")):
            return False
        stated, entry = line[len(prefix) : at], line[at + 10 : -2]
        leaf = sha256(b"\0" + entry).digest()
        if b64encode(leaf) != stated:
            try:
                leaf = unbase64(stated.decode("ascii"))
            except ValueError:
                return False
            self._without_text(entry)
        else:
            self._with_text(entry)
        self._push(leaf)
        return True

    def _push(self, leaf: Hash) -> None:
        self._frontier.push(leaf)
        self._next += 1
        if self._known is not None and self._frontier.size == self._known.size:
            self._compare_known()

    def _with_text(self, entry: bytes) -> None:
        self._report.entries += 1
        self._first_entry = self._first_entry or entry
        self._last_entry = entry
        # Substring tests, and parsing only on a match: this runs for each of millions of entries.
        if PRUNED in entry:
            self._may_be_pruned_to = max(self._may_be_pruned_to, _number(entry, "to") or 0)
        if KEY_ADDED in entry:
            self._added.add(str(_parsed(entry).get("key")))
        if RESUMED in entry:
            self._resumption(_parsed(entry))
        if GAP in entry:
            self._lost_tail(_parsed(entry))

    def _lost_tail(self, entry: Any) -> None:
        """Report that entries may be missing which no signature covered yet."""
        since, until = entry.get("from"), entry.get("to")
        if type(since) is int and type(until) is int:
            self._report.note(
                f"Entry {self._next} says that entries from {since} to {until} (seconds since 1970) may be missing, "
                f"which were not signed yet when a server failed over, because: {entry.get('reason')!r}."
            )

    def _resumption(self, entry: Any) -> None:
        """Record that the ledger was rolled back and resumed under another name (8)."""
        report, where = self._report, self._next
        origin, size = entry.get("origin"), entry.get("size")
        if not isinstance(origin, str) or type(size) is not int:
            return
        self._resumed.setdefault(origin, where)
        lost = f"entries {where} to {size - 1} of it are lost" if size > where else "entries of it were replaced"
        report.note(
            f"Entry {where} says that {origin}, signed up to size {size}, was rolled back ({lost}) and goes on "
            f"under another name, because: {entry.get('reason')!r}."
        )
        key = introduced(entry, [*report.trusted])
        if key is not None and key not in report.trusted:
            report.note(f"A key that is trusted here vouches there for the new one: go on with --key {key}")

    def _without_text(self, entry: bytes) -> None:
        """Process an entry that does not match its hash: pruned, or altered."""
        if entry != b"null":
            self._report.find(f"Entry {self._next} was altered: its text is not what its hash says.")
        elif self._pruned_to != self._next:  # 7
            self._report.find(f"The text of entry {self._next} is missing, though older entries still have theirs.")
        else:
            self._pruned_to += 1
            self._report.pruned += 1

    def _odd_line(self, line: bytes) -> None:
        """Report a line that is not the expected entry."""
        where = f"after entry {self._next - 1}" if self._next else "at the beginning"
        found = _parsed(line)
        index = found.get("index") if isinstance(found, dict) else None
        leaf = _leaf(found)
        if type(index) is not int or leaf is None or index < self._report.head.first:
            self._report.find(f"A line {where} cannot be read: {line[:40]!r}.")
            self._sound = False
        elif index < self._next:
            if index in self._missing:
                del self._missing[index]
                self._report.find(f"Entry {index} stands {where}: the order was changed.")
            else:
                self._report.find(f"A second entry {index} was inserted {where}.")
            self._sound = False
        elif index > self._next:
            self._gap(index)
            self._next = index + 1
            self._sound = False
        else:
            self._report.find(f"The line of entry {index} was altered.")
            self._push(leaf)

    def _gap(self, index: int) -> None:
        if index - self._next > SHOWN:
            self._report.find(f"Entries {self._next} to {index - 1} are missing.")
        else:
            self._missing |= dict.fromkeys(range(self._next, index))

    def _checkpoint(self, line: bytes) -> None:
        found = _parsed(line)
        note = found.get("checkpoint") if isinstance(found, dict) else None
        self._report.checkpoints += 1
        if not isinstance(note, str) or checkpoint_line(note) != line:
            self._report.find(f"A checkpoint after entry {self._next - 1} cannot be read.")
            return
        try:
            checkpoint, opened = open_checkpoint(note, self._all)  # 4
        except NoteInvalidError as fault:
            self._report.find(f"The checkpoint after entry {self._next - 1} does not count: {fault}.")
            return
        if opened.unknown:
            self._report.find(f"The checkpoint of size {checkpoint.size} has a signature by an unknown key.")
        if checkpoint.origin != self._report.head.origin:
            before = self._former.get(checkpoint.origin, -1)
            self._former[checkpoint.origin] = max(before, checkpoint.size)
        if self._sound:
            self._compare(checkpoint)
        if by := set(opened.signed_by) & set(self._report.trusted):
            self._vouched = max(self._vouched, checkpoint.size)
            for key in set(opened.signed_by) - by:
                self._introduction(checkpoint.size, key)

    def _introduction(self, size: int, key: VerifierKey) -> None:
        """Report a checkpoint that a trusted key and another one signed (9).

        Anyone can add a signature to a note: the trusted key vouches only for the tree, and so for an entry in it that
        introduces the other key.
        """
        if str(key) in self._added and self._sound:
            self._report.note(
                f"The checkpoint of size {size} is signed by a key that is trusted here and by its successor, which "
                f"an entry under it introduces: go on with --key {key}"
            )
        else:
            self._report.note(
                f"The checkpoint of size {size} is also signed by {key}. No entry under it introduces that key: "
                "have the operator confirm it before you go on with it."
            )

    def _compare(self, checkpoint: Checkpoint) -> None:
        """Compare the hashes so far with the signed root (3)."""
        size = self._frontier.size
        if checkpoint.size != size:
            where = f"The checkpoint of size {checkpoint.size} stands after {size} entries"
            self._report.find(f"{where}: entries or checkpoints were removed, inserted or moved.")
        elif checkpoint.root == self._frontier.root():
            self._matched = size
            return
        else:
            between = f"Entries {self._matched} to {size - 1}" if size > self._matched else "The entries so far"
            self._report.find(
                f"{between} are not the ones that were signed at size {size}: "
                "with their hashes made to fit, some were altered, inserted, removed or moved."
            )
        self._sound = False

    def _open_known(self, note: str) -> Checkpoint | None:
        try:
            checkpoint, _ = open_checkpoint(note, self._all)
        except NoteInvalidError as fault:
            self._report.find(f"The checkpoint that was kept does not count: {fault}.")
            return None
        head = self._report.head
        if checkpoint.origin != head.origin:
            self._former.setdefault(checkpoint.origin, -1)
        if checkpoint.size > head.size:
            self._report.find(
                f"The export ends at {head.size} entries, before the {checkpoint.size} of the checkpoint that was kept."
            )
        elif checkpoint.size < head.first:
            self._report.find(
                f"The export begins at entry {head.first}, after the {checkpoint.size} of the checkpoint that was kept."
            )
        else:
            return checkpoint
        return None

    def _compare_known(self) -> None:
        """Compare the hashes with the caller's checkpoint once the sizes are equal (6)."""
        known = self._known
        if known is None or known.size != self._frontier.size:
            return
        self._known = None
        if self._sound and known.root != self._frontier.root():
            self._report.find(
                f"The first {known.size} entries are not the ones of the checkpoint that was kept: "
                "the ledger was rewritten since."
            )

    def _end(self) -> None:
        report, head = self._report, self._report.head
        for index in self._missing:
            report.find(f"Entry {index} is missing.")
        if self._next < head.size:
            report.find(f"The export was cut off: entries {self._next} to {head.size - 1} are missing.")
        elif self._next > head.size:
            report.find(f"Entries {head.size} to {self._next - 1} were added behind the end of the export.")
        if self._sound and self._matched != self._next:
            report.find(f"Nothing that was signed covers the entries from {self._matched} on.")
        if self._vouched < head.size:  # 5
            far = f"the largest that is covers {self._vouched}" if self._vouched >= 0 else "none is"
            report.find(f"The checkpoint of {head.size} entries is not signed by a key that is trusted here; {far}.")
        if report.pruned and self._pruned_to > self._may_be_pruned_to:  # 7
            report.find(
                f"The text of entries {self._may_be_pruned_to} to {self._pruned_to - 1} is missing, "
                "and the ledger does not say that they were pruned."
            )
        for origin, signed in self._former.items():  # 8
            resumed = self._resumed.get(origin)
            if signed > (self._pruned_to if resumed is None else resumed) or (resumed is None and not self._pruned_to):
                report.find(f"The checkpoint of size {max(signed, 0)} is of another ledger, {origin}.")
        report.earliest, report.latest = _number(self._first_entry, "at"), _number(self._last_entry, "at")


def _read_head(line: bytes) -> tuple[ExportHeader, tuple[VerifierKey, ...], list[str]]:
    """Parse the first line; returns the header, its keys, and the errors in it (1)."""
    try:
        head = msgspec.json.decode(line, type=ExportHeader)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotAnExportError("This is not an export of a ledger: its first line does not say so.") from None
    sane = 0 <= head.first <= head.size < 2**63
    if head.format != FORMAT or not sane or len(head.edge) != len(span(0, head.first)):
        raise NotAnExportError("The first line of this export cannot be read.")
    errors: list[str] = []
    named: list[VerifierKey] = []
    if head.line() != line:
        errors.append("The first line was altered.")
    for text in head.keys:
        try:
            named.append(VerifierKey.parse(text))
        except ValueError:
            errors.append(f"A key in the first line is not one: {text[:80]!r}.")
    return head, tuple(named), errors


def _frontier(head: ExportHeader) -> Frontier:
    try:
        hashes = [unbase64(each) for each in head.edge]
    except ValueError:
        raise NotAnExportError("The hashes in the first line of this export cannot be read.") from None
    return Frontier(head.first, hashes)


def _parsed(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _leaf(found: Any) -> Hash | None:
    """Return the hash in a line, or None."""
    text = found.get("hash") if isinstance(found, dict) else None
    try:
        leaf = unbase64(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return leaf if len(leaf) == 32 else None


def _number(entry: bytes, name: str) -> int | None:
    """Return a whole number of an entry by its name, or None."""
    found = _parsed(entry)
    value = found.get(name) if isinstance(found, dict) else None
    return value if type(value) is int else None
