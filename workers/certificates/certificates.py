"""What is signed of an erasure: what was done, when it was seen to be done, and without a word about whom (R35, D9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from policy.erasing import STEPS, NotificationState, Step
from policy.purposes import Purpose
from store.crypto.system_keys import SystemKeys
from store.ledger.entries import EVENT_ERASED
from store.merkle.signed_note import NoteInvalidError, NoteSigner, VerifierKey, open_note, sign
from store.records.holds import Hold
from store.tables.erasures import TOOL
from workers.certificates.fates import fates

SUFFIX = "/erasures"
"""Behind the ledger's name in the first line: a certificate is never taken for a checkpoint, nor the reverse."""

RECIPIENTS = "/erasures/recipients"
"""Likewise for the statement that follows: what became of the recipients."""

FILES = "/erasures/files"
"""And for the one that follows a certificate which was signed before the files were seen clean."""

LETTER = "/erasures/letter"
"""And for the one that says what became of the last letter."""

VERSION = 2
"""The first one said when recipients were listed as if they had been told then, and named steps without a time."""

Signers = Callable[[], Awaitable[Sequence[NoteSigner]]]
"""Those that sign the ledger now; at least one."""


def signed(signers: Sequence[NoteSigner], facts: Mapping[str, Any], suffix: str = SUFFIX) -> str:
    """A statement: a line that says what it is, one line of JSON, and the signatures (C2SP signed-note)."""
    text = orjson.dumps(dict(facts), option=orjson.OPT_SORT_KEYS).decode()
    return sign(f"{signers[0].name}{suffix}\n{text}\n", signers)


def case_name(house: SystemKeys, erasure_id: int) -> str:
    """How a certificate, and a log, name an erasure: for ever the same, and without its moment."""
    return house.ids.lasting("Case", erasure_id, erasure_id)


def facts_of(
    case: str, erasure: Any, steps: Sequence[Any], recipients: Sequence[Any], signed_at: datetime
) -> dict[str, Any]:
    """The facts of one erasure as they were seen: its row, the steps that were done, and how far each recipient is.

    The last step is not among them: signing it, and its hash in the ledger, come after what is signed (D9).
    """
    done = {each.step: each.done_at for each in steps}
    finished = done.get(Step.FILES.name)
    return {
        "version": VERSION,
        "type": "ERASURE_CERTIFICATE",
        "case": case,
        "cause": erasure.cause,
        "requestedAt": said(erasure.requested_at),
        "dueAt": said(erasure.due_at),
        "finishedAt": said(finished),
        "inTime": erasure.due_at is None or (finished or signed_at) <= erasure.due_at,
        "signedAt": said(signed_at),
        "keyFingerprint": bytes(erasure.fingerprint or b"").hex(),
        "steps": [
            {"step": step.name, "what": step.value, "doneAt": said(done[step.name])}
            for step in STEPS
            if step.name in done
        ],
        "fields": fates(done),
        "holds": orjson.loads(erasure.holds or "[]"),
        "recipients": [recipient_facts(each) for each in recipients],
    }


def as_json(holds: Sequence[Hold]) -> str:
    """The orders that stood in the way, as a certificate tells of them: without what would name the case."""
    told = [
        {
            "fields": list(each.fields),
            "because": each.basis,
            "keptFrom": said(each.placed_at),
            "keptUntil": said(each.until),
        }
        for each in holds
    ]
    return orjson.dumps(told).decode()


def recipients_facts(case: str, certificate: str, recipients: Sequence[Any], signed_at: datetime) -> dict[str, Any]:
    """The facts of the second statement, which belongs to the certificate of this hash."""
    return {
        "version": VERSION,
        "type": "ERASURE_RECIPIENTS",
        "case": case,
        "certificate": digest(certificate),
        "signedAt": said(signed_at),
        "recipients": [recipient_facts(each) for each in recipients],
    }


def recipient_facts(recipient: Any) -> dict[str, Any]:
    """How far one recipient has been told, by what has been seen of it and nothing else."""
    facts = {
        "kind": recipient.kind,
        "name": recipient.name,
        "state": recipient.state,
        "method": None
        if recipient.state == NotificationState.LISTED.name and not recipient.tries
        else recipient.method,
        "tries": recipient.tries,
        "listedAt": said(recipient.listed_at),
        "sentAt": said(recipient.sent_at),
        "answeredAt": said(recipient.answered_at),
        "answer": recipient.answer,
        "givenUpAt": said(recipient.given_up_at),
    }
    if recipient.earlier is not None:
        facts["earlier"] = orjson.loads(recipient.earlier)
    if recipient.kind == TOOL:
        facts |= {"keeps": recipient.keeps or "unknown", "keepsDays": recipient.keeps_days}
    return facts


def digest(note: str) -> str:
    """The SHA-256 by which the ledger, and a second statement, name a signed note."""
    return sha256(note.encode()).hexdigest()


def last_letter(letter: Any) -> dict[str, Any]:
    """What has become of the last letter by now: it WAITS until all is signed, or can no more be delivered."""
    if letter is None:
        return {}
    return {"lastLetter": {"state": letter.outcome or "WAITS", "at": said(letter.settled_at or letter.written_at)}}


def letter_facts(case: str, certificate: str, letter: Any, signed_at: datetime) -> dict[str, Any]:
    """The facts of the statement on the last letter, which belongs to the certificate of this hash."""
    return {
        "version": VERSION,
        "type": "ERASURE_LETTER",
        "case": case,
        "certificate": digest(certificate),
        "signedAt": said(signed_at),
    } | last_letter(letter)


def said(moment: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def verified(certificate: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """The facts of a certificate that one of these keys signed; NoteInvalidError for anything else."""
    return _verified(certificate, keys, SUFFIX, (1, VERSION))


def verified_recipients(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """The facts of a statement on recipients that one of these keys signed; NoteInvalidError for anything else."""
    return _verified(statement, keys, RECIPIENTS, (VERSION,))


def verified_files(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """The facts of a statement on files that one of these keys signed; NoteInvalidError for anything else."""
    return _verified(statement, keys, FILES, (VERSION,))


def verified_letter(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """The facts of a statement on the last letter that one of these keys signed; NoteInvalidError for anything else."""
    return _verified(statement, keys, LETTER, (VERSION,))


def is_letter_statement(note: str) -> bool:
    """Whether a note says that it is one; whether it is signed, `verified_letter` tells."""
    return note.partition("\n")[0].endswith(LETTER)


def is_files_statement(note: str) -> bool:
    """Whether a note says that it is one; whether it is signed, `verified_files` tells."""
    return note.partition("\n")[0].endswith(FILES)


def is_recipients_statement(note: str) -> bool:
    """Whether a note says that it is one; whether it is signed, `verified_recipients` tells."""
    return note.partition("\n")[0].endswith(RECIPIENTS)


def _verified(text: str, keys: Sequence[VerifierKey], suffix: str, versions: Sequence[int]) -> dict[str, Any]:
    note = open_note(text, keys)
    first, _, rest = note.text.partition("\n")
    if first not in {key.name + suffix for key in note.signed_by}:
        raise NoteInvalidError("it is signed, but no certificate of an erasure")
    try:
        facts = orjson.loads(rest)
    except orjson.JSONDecodeError:
        raise NoteInvalidError("it holds no facts") from None
    if not isinstance(facts, dict) or facts.get("version") not in versions:
        raise NoteInvalidError("it is of a form that this release does not know")
    return facts


def ledger_entry(certificate: str, now: datetime) -> dict[str, Any]:
    """What the ledger says of an erasure: that a certificate of this hash was given. It points at nobody."""
    return _entry(certificate, "Erasure.certificate", now)


def recipients_ledger_entry(statement: str, now: datetime) -> dict[str, Any]:
    """What the ledger says of the second statement: that one of this hash was given."""
    return _entry(statement, "Erasure.recipientsStatement", now)


def letter_ledger_entry(statement: str, now: datetime) -> dict[str, Any]:
    """What the ledger says of the statement on the last letter: that one of this hash was given."""
    return _entry(statement, "Erasure.letterStatement", now)


def _entry(note: str, field: str, now: datetime) -> dict[str, Any]:
    return {
        "version": 1,
        "at": int(now.timestamp()),
        "client": "gateway",
        "purpose": Purpose.ERASURE.name,
        "reference": None,
        "operation": digest(note),
        "fields": [field],
        "subjects": [],
    }


def erased_entry(number: int, fingerprint: bytes, now: datetime) -> dict[str, Any]:
    """By which the ledger tells a restored store whom to erase again: a number, and the hash of a key that is gone."""
    return {
        "version": 1,
        "event": EVENT_ERASED,
        "at": int(now.timestamp()),
        "number": number,
        "key": fingerprint.hex(),
    }
