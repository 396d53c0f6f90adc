"""Each signed statement says what it is, of which certificate, and is taken for no other one (D9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest

from store.merkle.signed_note import NoteInvalidError, NoteSigner, VerifierKey
from workers.certificates.certificates import (
    FILES,
    LETTER,
    RECIPIENTS,
    SUFFIX,
    VERSION,
    digest,
    is_files_statement,
    is_letter_statement,
    is_recipients_statement,
    ledger_entry,
    letter_facts,
    letter_ledger_entry,
    recipients_facts,
    recipients_ledger_entry,
    signed,
    verified,
    verified_files,
    verified_letter,
    verified_recipients,
)
from workers.certificates.statements import ANYWHERE, ON_A_SERVER, beyond_reach, files_facts

NOW = datetime(2027, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
SAID = "2027-03-01T12:30:15Z"
SIGNER = NoteSigner.of("data.example/ledger", b"s" * 32)
OTHER = NoteSigner.of("data.example/ledger", b"o" * 32)
KEYS = [SIGNER.verifier]
Verify = Callable[[str, Sequence[VerifierKey]], dict[str, Any]]
BY_SUFFIX: dict[str, Verify] = {
    SUFFIX: verified, RECIPIENTS: verified_recipients, FILES: verified_files, LETTER: verified_letter,
}  # fmt: skip


@pytest.mark.parametrize("suffix", BY_SUFFIX)
def test_a_statement_is_verified_as_what_it_is_and_as_nothing_else(suffix: str) -> None:
    facts = {"version": VERSION, "case": "C-1"}
    note = signed([SIGNER], facts, suffix)
    assert note.startswith(f'data.example/ledger{suffix}\n{{"case":"C-1","version":{VERSION}}}\n\n')
    assert BY_SUFFIX[suffix](note, KEYS) == facts
    for each, verify in BY_SUFFIX.items():
        if each != suffix:
            with pytest.raises(NoteInvalidError, match=r"^it is signed, but no certificate of an erasure$"):
                verify(note, KEYS)
    with pytest.raises(NoteInvalidError):
        BY_SUFFIX[suffix](note, [OTHER.verifier])
    assert is_recipients_statement(note) is (suffix == RECIPIENTS)
    assert is_files_statement(note) is (suffix == FILES)
    assert is_letter_statement(note) is (suffix == LETTER)


@pytest.mark.parametrize("suffix", BY_SUFFIX)
def test_what_this_release_does_not_know_it_does_not_vouch_for(suffix: str) -> None:
    """The first form of a certificate it knows; of the others there was none."""
    verify = BY_SUFFIX[suffix]
    for version in (0, 1, VERSION + 1, None, str(VERSION)):
        note = signed([SIGNER], {"version": version}, suffix)
        if version == 1 and suffix == SUFFIX:
            assert verify(note, KEYS) == {"version": 1}
        else:
            with pytest.raises(NoteInvalidError, match=r"^it is of a form that this release does not know$"):
                verify(note, KEYS)
    note = signed([SIGNER], {}, f"{suffix}\n[{VERSION}]")
    with pytest.raises(NoteInvalidError, match=r"^it holds no facts$"):
        verify(note, KEYS)


def test_the_statement_on_files_says_when_they_were_clean() -> None:
    assert files_facts("C-1", "the certificate", NOW) == {
        "version": 2,
        "type": "ERASURE_FILES",
        "case": "C-1",
        "certificate": sha256(b"the certificate").hexdigest(),
        "filesAt": SAID,
        "meaning": "What the removal left behind in the database's files was overwritten.",
    }


def test_the_statements_on_recipients_and_on_the_letter_name_the_case_and_the_certificate() -> None:
    moment = NOW.replace(microsecond=0)
    facts = {"version": 2, "case": "C-1", "certificate": sha256(b"the certificate").hexdigest(), "signedAt": SAID}
    recipients = recipients_facts("C-1", "the certificate", [], moment)
    assert recipients == facts | {"type": "ERASURE_RECIPIENTS", "recipients": []}
    assert letter_facts("C-1", "the certificate", None, moment) == facts | {"type": "ERASURE_LETTER"}


@pytest.mark.parametrize("on_server", [False, True])
def test_what_no_command_reaches_is_named_with_what_it_means(on_server: bool) -> None:
    """Archives end as the operator's setting says; of other places nobody knows when."""
    places = ANYWHERE | (ON_A_SERVER if on_server else {})
    for days in (0, 30):
        found = beyond_reach(on_server, days, NOW)
        assert [each["place"] for each in found] == sorted(places)
        assert {each["place"]: each["meaning"] for each in found} == places
        until = (NOW.replace(microsecond=0) + timedelta(days=30)).isoformat().replace("+00:00", "Z") if days else None
        assert {each["place"]: each["until"] for each in found if each["until"]} == (
            {"ARCHIVES_AND_DUMPS": until} if days else {}
        )


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ledger_entry, "Erasure.certificate"),
        (recipients_ledger_entry, "Erasure.recipientsStatement"),
        (letter_ledger_entry, "Erasure.letterStatement"),
    ],
)
def test_the_ledger_has_the_hash_of_what_was_signed_and_points_at_nobody(entry: Any, field: str) -> None:
    assert digest("the note") == sha256(b"the note").hexdigest()
    assert entry("the note", NOW) == {
        "version": 1, "at": int(NOW.timestamp()), "client": "gateway", "purpose": "ERASURE", "reference": None,
        "operation": digest("the note"), "fields": [field], "subjects": [],
    }  # fmt: skip
    assert orjson.dumps(entry("the note", NOW))
