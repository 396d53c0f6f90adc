"""Offline verification of an export finds whatever was altered, removed, inserted or moved in it, and says what."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import orjson
import pytest

from store.ledger.entries import canonical
from store.ledger.export import ExportHeader, checkpoint_line, entry_line
from store.ledger.verify import SHOWN, NotAnExportError, check_export
from store.merkle.merkle_tree import leaf_hash
from tests.ledger.logs import entry
from tests.ledger.paper import NEW, OLD, STRANGER, Paper, check, fixed, paper

WHOLE = paper()
LINES = WHOLE.lines()
CONTENT = WHOLE.content()
FIRST_ENTRY = 2  # Behind the head and the checkpoint of nothing.


def findings(content: bytes | list[bytes], **more: object) -> list[str]:
    return check(content, **more).findings  # type: ignore[arg-type]


def test_what_nobody_touched_has_no_findings() -> None:
    report = check(CONTENT)
    assert (report.findings, report.entries, report.pruned, report.checkpoints) == ([], 12, 0, 4)
    assert (report.earliest, report.latest) == (1_800_000_000, 1_800_000_011)


def rejected(content: bytes) -> bool:
    try:
        return check(content).found > 0
    except NotAnExportError:
        return True


SMALL = Paper(
    tuple(canonical({"at": number, "subjects": []}, fixed) for number in range(4)), ((2, (OLD, NEW)), (4, (NEW,)))
).content()


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_no_byte_of_an_export_can_be_changed(flip: int) -> None:
    """Every byte of every class: indexes, hashes, entries and their nonces, keys, sizes, roots, signatures, frame."""
    assert check(SMALL).findings == []
    assert [
        SMALL[at - 20 : at + 20]
        for at in range(len(SMALL))
        if not rejected(SMALL[:at] + bytes([SMALL[at] ^ flip]) + SMALL[at + 1 :])
    ] == []


@pytest.mark.parametrize("added", [b" ", b"\n", b"0", b","])
def test_no_byte_can_be_added_to_an_export(added: bytes) -> None:
    """Not even where JSON would not mind: there is one way to write each line."""
    places = range(len(SMALL) + 1)
    assert [SMALL[at - 20 : at] for at in places if not rejected(SMALL[:at] + added + SMALL[at:])] == []


def test_no_byte_can_be_left_out_of_an_export() -> None:
    places = range(len(SMALL))
    assert [SMALL[at - 20 : at] for at in places if not rejected(SMALL[:at] + SMALL[at + 1 :])] == []


def test_an_export_that_was_cut_off_anywhere_is_not_whole() -> None:
    assert [at for at in range(0, len(CONTENT), 7) if not rejected(CONTENT[:at])] == []


def entry_lines() -> Iterator[int]:
    return (at for at, line in enumerate(LINES) if line.startswith(b'{"index"'))


@pytest.mark.parametrize("at", list(entry_lines()))
def test_a_removed_entry_is_missed_by_its_number(at: int) -> None:
    index = orjson.loads(LINES[at])["index"]
    found = findings(LINES[:at] + LINES[at + 1 :])
    last = "The export was cut off: entries 11 to 11 are missing." if index == 11 else f"Entry {index} is missing."
    assert last in found


@pytest.mark.parametrize("at", list(entry_lines()))
def test_an_entry_that_stands_twice_is_found(at: int) -> None:
    index = orjson.loads(LINES[at])["index"]
    found = findings([*LINES[: at + 1], LINES[at], *LINES[at + 1 :]])
    assert f"A second entry {index} was inserted after entry {index}." in found


@pytest.mark.parametrize("at", list(entry_lines())[1:])
def test_entries_that_changed_places_are_found(at: int) -> None:
    lines = list(LINES)
    other = max(before for before in entry_lines() if before < at)
    lines[at], lines[other] = lines[other], lines[at]
    assert any("the order was changed" in each for each in findings(lines))


@pytest.mark.parametrize("index", range(12))
def test_an_altered_entry_is_named(index: int) -> None:
    lines = list(LINES)
    at = list(entry_lines())[index]
    lines[at] = lines[at].replace(b"INVOICING", b"DEBUGGING")
    assert findings(lines) == [f"Entry {index} was altered: its text is not what its hash says."]


@pytest.mark.parametrize("index", range(12))
def test_a_nonce_is_part_of_the_entry(index: int) -> None:
    lines = list(LINES)
    at = list(entry_lines())[index]
    lines[at] = lines[at].replace(b'"nonce":"A', b'"nonce":"B')
    assert findings(lines) == [f"Entry {index} was altered: its text is not what its hash says."]


SIGNED_BEFORE = {0: 0, 4: 0, 5: 5, 7: 5, 8: 8, 11: 8}
SIGNED_AFTER = {0: 5, 4: 5, 5: 8, 7: 8, 8: 12, 11: 12}


def under_old_checkpoints(changed: Paper) -> list[bytes]:
    """The changed entries with hashes and indexes that fit, and the checkpoints that were signed over the true ones."""
    true = {orjson.loads(line)["checkpoint"]: line for line in LINES if line.startswith(b'{"checkpoint"')}
    notes = iter(true.values())
    return [next(notes) if line.startswith(b'{"checkpoint"') else line for line in changed.lines()]


@pytest.mark.parametrize("index", SIGNED_BEFORE)
def test_hashes_made_to_fit_do_not_give_the_signed_root(index: int) -> None:
    def alter(entries: list[bytes]) -> None:
        entries[index] = entries[index].replace(b"INVOICING", b"DEBUGGING")

    found = findings(under_old_checkpoints(WHOLE.but(alter)))
    first, size = SIGNED_BEFORE[index], SIGNED_AFTER[index]
    assert found[0].startswith(f"Entries {first} to {size - 1} are not the ones that were signed at size {size}")
    assert len(found) == 1, "after the first difference nothing more can be said, and nothing is"


@pytest.mark.parametrize(
    "change",
    [
        lambda entries: entries.pop(3),
        lambda entries: entries.insert(3, canonical(entry(99), fixed)),
        lambda entries: entries.insert(3, entries[3]),
        lambda entries: entries.reverse(),
        lambda entries: entries.insert(3, entries.pop(9)),
        lambda entries: entries.append(canonical(entry(99), fixed)),
        lambda entries: entries.pop(),
    ],
    ids=["removed", "inserted", "doubled", "reversed", "moved", "added", "cut"],
)
def test_renumbered_entries_are_found_all_the_same(change: Callable[[list[bytes]], object]) -> None:
    assert findings(under_old_checkpoints(WHOLE.but(change)))


def test_a_ledger_rewritten_and_signed_by_a_stranger_is_not_ours() -> None:
    forged = replace(WHOLE, signed=((12, (STRANGER,)),)).but(lambda entries: entries.pop(3))
    forged = replace(forged, signed=((11, (STRANGER,)),))
    assert check(forged.content(), keys=()).findings == [], "it is whole: that is all one can say without a key"
    assert findings(forged.content()) == [
        "The checkpoint of 11 entries is not signed by a key that is trusted here; none is."
    ]


def test_a_stranger_beside_the_signer_is_found() -> None:
    lines = list(LINES)
    lines[-1] = checkpoint_line(WHOLE.note_at(12, NEW, STRANGER))
    assert findings(lines) == ["The checkpoint of size 12 has a signature by an unknown key."]


def test_an_old_key_vouches_as_far_as_it_signed() -> None:
    """It signed one checkpoint together with its successor, then retired; the successor vouches for everything."""
    found = findings(CONTENT, keys=(OLD.verifier,))
    assert found == [
        "The checkpoint of 12 entries is not signed by a key that is trusted here; the largest that is covers 8."
    ]
    assert findings(CONTENT, keys=(OLD.verifier, NEW.verifier)) == []


@pytest.mark.parametrize("at", [at for at, line in enumerate(LINES) if line.startswith(b'{"checkpoint"')])
def test_the_last_checkpoint_is_needed_and_no_other(at: int) -> None:
    found = findings(LINES[:at] + LINES[at + 1 :])
    assert bool(found) == (at == len(LINES) - 1)


def test_a_checkpoint_at_another_place_is_found() -> None:
    at = next(at for at, line in enumerate(LINES) if b"\\n5\\n" in line)
    moved = [*LINES[: at - 1], LINES[at], LINES[at - 1], *LINES[at + 1 :]]
    assert "The checkpoint of size 5 stands after 4 entries" in findings(moved)[0]


def test_a_checkpoint_of_another_ledger_is_found() -> None:
    other = replace(WHOLE, origin="other.example/ledger")
    assert any(
        "of another ledger" in each or "does not count" in each for each in findings([*LINES[:-1], other.lines()[-1]])
    )


def test_entries_behind_the_last_checkpoint_are_not_vouched_for() -> None:
    extra = canonical(entry(12), fixed)
    longer = [*LINES, entry_line(12, leaf_hash(extra), extra)]
    assert "Entries 12 to 12 were added behind the end of the export." in findings(longer)
    head = ExportHeader(**orjson.loads(LINES[0]))
    longer[0] = replace(head, size=13).line()
    assert "Nothing that was signed covers the entries from 12 on." in findings(longer)


# The checkpoint that somebody kept.


@pytest.mark.parametrize("size", range(13))
def test_a_kept_checkpoint_of_this_ledger_is_found_again(size: int) -> None:
    assert findings(CONTENT, known=WHOLE.note_at(size)) == []


@pytest.mark.parametrize("size", range(1, 13))
def test_a_ledger_that_was_rewritten_and_signed_again_does_not_hold_against_a_kept_checkpoint(size: int) -> None:
    """Whoever has the private key can sign anything; only what others kept stands against that."""
    rewritten = WHOLE.but(lambda entries: entries.__setitem__(0, canonical(entry(77), fixed)))
    assert findings(rewritten.content()) == []
    (found,) = findings(rewritten.content(), known=WHOLE.note_at(size))
    assert found.startswith(f"The first {size} entries are not the ones of the checkpoint that was kept")


def test_a_ledger_that_lost_its_end_does_not_hold_against_a_kept_checkpoint() -> None:
    shorter = replace(WHOLE, entries=WHOLE.entries[:8], signed=WHOLE.signed[:3])
    assert findings(shorter.content()) == []
    (found,) = findings(shorter.content(), known=WHOLE.note_at(12))
    assert found == "The export ends at 8 entries, before the 12 of the checkpoint that was kept."


@pytest.mark.parametrize("first", range(13))
def test_a_part_is_verified_by_itself_and_against_what_was_kept(first: int) -> None:
    part = replace(WHOLE, first=first)
    assert findings(part.content(), known=WHOLE.note_at(first)) == []
    assert findings(part.content(), known=WHOLE.note_at(12)) == []
    if first:
        (found,) = findings(part.content(), known=WHOLE.note_at(first - 1))
        assert "begins at entry" in found
        rewritten = WHOLE.but(lambda entries: entries.__setitem__(0, canonical(entry(77), fixed)))
        other = replace(rewritten, first=first)
        assert findings(other.content(), known=WHOLE.note_at(first))


@pytest.mark.parametrize("note", ["", "nonsense", "a\n1\nb\n\n— a b\n"])
def test_a_kept_checkpoint_that_is_none_is_a_finding(note: str) -> None:
    assert "The checkpoint that was kept does not count" in findings(CONTENT, known=note)[0]
    assert "does not count" in findings(CONTENT, known=WHOLE.note_at(5, STRANGER))[0]


# What was pruned.

RECORD = {"version": 1, "event": "LEDGER_PRUNED", "to": 4, "before": 1, "at": 2}


def pruned(to: int, *, recorded: int | None = 4) -> Paper:
    entries = list(WHOLE.entries)
    if recorded is not None:
        entries[9] = canonical(RECORD | {"to": recorded}, fixed)
    return replace(WHOLE, entries=tuple(entries), pruned=to)


@pytest.mark.parametrize("to", range(5))
def test_pruned_entries_leave_their_hash_and_the_tree_verifies(to: int) -> None:
    report = check(pruned(to).content())
    assert (report.findings, report.pruned, report.entries) == ([], to, 12 - to)


@pytest.mark.parametrize("recorded", [None, 2])
def test_what_the_ledger_does_not_say_was_pruned_is_missing(recorded: int | None) -> None:
    (found,) = check(pruned(4, recorded=recorded).content()).findings
    assert found.startswith(f"The text of entries {recorded or 0} to 3 is missing")


def test_only_the_oldest_may_be_without_their_text() -> None:
    lines = pruned(2).lines()
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"index":7,'))
    whole = orjson.loads(lines[at])
    lines[at] = b'{"index":7,"hash":"%s","entry":null}\n' % whole["hash"].encode()
    assert findings(lines) == ["The text of entry 7 is missing, though older entries still have theirs."]


def test_a_reference_cannot_pass_for_a_record_of_pruning() -> None:
    entries = list(WHOLE.entries)
    entries[9] = canonical(entry(9, reference='x"event":"LEDGER_PRUNED","to":4,"'), fixed)
    report = check(replace(WHOLE, entries=tuple(entries), pruned=4).content())
    assert report.found == 1


# What is no export.


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{}", b"null\n", b"\xff\xfe", b'{"format":"gateway-ledger-export-2"}\n', b"[" * 100_000, LINES[1]],
)
def test_what_is_no_export_is_told_apart_from_a_bad_one(content: bytes) -> None:
    with pytest.raises(NotAnExportError):
        check(content)


@pytest.mark.parametrize("change", [{"first": -1}, {"first": 13}, {"first": 3}, {"edge": ("x",)}, {"size": 2**80}])
def test_a_head_that_makes_no_sense_is_no_export_or_a_finding(change: dict[str, object]) -> None:
    head = ExportHeader(**orjson.loads(LINES[0]))
    values = {name: getattr(head, name) for name in ExportHeader.__slots__} | change
    try:
        line = ExportHeader(**values).line()
    except TypeError:  # Not even JSON has such a number here.
        line = LINES[0].replace(b'"size":12', b'"size":%d' % 2**80)
    with pytest.raises(NotAnExportError):
        check([line, *LINES[1:]])


def test_an_endless_number_of_findings_is_counted_and_not_kept() -> None:
    report = check([LINES[0], *[b"nonsense\n"] * 1000])
    assert report.found > 1000
    assert len(report.findings) == SHOWN


def test_progress_is_told_in_bytes() -> None:
    heard: list[int] = []
    check_export(io.BytesIO(CONTENT), (NEW.verifier,), None, heard.append)
    assert heard == [len(CONTENT) - len(LINES[0])]
