"""The signed certificate of an erasure: its steps and the times at which they were observed, without the person (R35,
D9)."""

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
"""Follows the ledger's name in the first line, so that a certificate cannot be mistaken for a checkpoint."""

RECIPIENTS = "/erasures/recipients"
"""Likewise, for the later statement about the recipients."""

FILES = "/erasures/files"
"""Likewise, for the statement after a certificate that was signed before the files were observed to be clean."""

LETTER = "/erasures/letter"
"""Likewise, for the statement about the final notice."""

CONSENTS = "/consents"
"""Likewise, for the receipt of a consent."""

RECEIPT_VERSION = 1

VERSION = 2
"""Version 1 presented the time of listing recipients as that of notifying them, and had steps without a time."""

Signers = Callable[[], Awaitable[Sequence[NoteSigner]]]
"""Returns the active signing keys of the ledger; at least one."""


def signed(signers: Sequence[NoteSigner], facts: Mapping[str, Any], suffix: str = SUFFIX) -> str:
    """Sign a statement: a line with its type, one line of JSON, and the signatures (C2SP signed-note)."""
    text = orjson.dumps(dict(facts), option=orjson.OPT_SORT_KEYS).decode()
    return sign(f"{signers[0].name}{suffix}\n{text}\n", signers)


def signed_receipt(signers: Sequence[NoteSigner], receipt: Mapping[str, Any]) -> str:
    """Sign the receipt of a consent (ISO/IEC TS 27560), as an erasure's certificate is signed."""
    return signed(signers, {"version": RECEIPT_VERSION, "type": "CONSENT_RECEIPT", "receipt": dict(receipt)}, CONSENTS)


def case_name(system: SystemKeys, erasure_id: int) -> str:
    """Return the id of an erasure for certificates and logs: stable, and without its time."""
    return system.ids.lasting("Case", erasure_id, erasure_id)


def facts_of(
    case: str, erasure: Any, steps: Sequence[Any], recipients: Sequence[Any], signed_at: datetime
) -> dict[str, Any]:
    """Return the facts of one erasure as they were observed: its row, the completed steps, the state of each recipient.

    The last step is not included: the signature and its hash in the ledger come after the signed text (D9).
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
    """Return legal holds in the form for a certificate, without the reference that would identify the case."""
    holds_data = [
        {
            "fields": list(each.fields),
            "because": each.basis,
            "keptFrom": said(each.placed_at),
            "keptUntil": said(each.until),
        }
        for each in holds
    ]
    return orjson.dumps(holds_data).decode()


def recipients_facts(case: str, certificate: str, recipients: Sequence[Any], signed_at: datetime) -> dict[str, Any]:
    """Return the facts of the statement about the recipients; it refers to the certificate by its hash."""
    return {
        "version": VERSION,
        "type": "ERASURE_RECIPIENTS",
        "case": case,
        "certificate": digest(certificate),
        "signedAt": said(signed_at),
        "recipients": [recipient_facts(each) for each in recipients],
    }


def recipient_facts(recipient: Any) -> dict[str, Any]:
    """Return the observed state of the notification of one recipient."""
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
    """Return the SHA-256 with which the ledger, and later statements, refer to a signed note."""
    return sha256(note.encode()).hexdigest()


def last_letter(letter: Any) -> dict[str, Any]:
    """Return the state of the final notice; WAITS until it has an outcome. Empty without one."""
    if letter is None:
        return {}
    return {"lastLetter": {"state": letter.outcome or "WAITS", "at": said(letter.settled_at or letter.written_at)}}


def letter_facts(case: str, certificate: str, letter: Any, signed_at: datetime) -> dict[str, Any]:
    """Return the facts of the statement about the final notice; it refers to the certificate by its hash."""
    return {
        "version": VERSION,
        "type": "ERASURE_LETTER",
        "case": case,
        "certificate": digest(certificate),
        "signedAt": said(signed_at),
    } | last_letter(letter)


def said(moment: datetime | None) -> str | None:
    """Format a time for JSON (ISO 8601 with `Z`); None stays None."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def verified_receipt(receipt: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """Verify the receipt of a consent and return its facts; NoteInvalidError unless one of these keys signed it."""
    return _verified(receipt, keys, CONSENTS, (RECEIPT_VERSION,), "receipt of a consent")


def verified(certificate: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """Verify a certificate and return its facts; NoteInvalidError unless one of these keys signed it."""
    return _verified(certificate, keys, SUFFIX, (1, VERSION))


def verified_recipients(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """Verify a statement about recipients and return its facts; NoteInvalidError unless one of these keys signed it."""
    return _verified(statement, keys, RECIPIENTS, (VERSION,))


def verified_files(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """Verify a statement about files and return its facts; NoteInvalidError unless one of these keys signed it."""
    return _verified(statement, keys, FILES, (VERSION,))


def verified_letter(statement: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """Verify a statement about the final notice and return its facts; NoteInvalidError unless one of these keys signed
    it."""
    return _verified(statement, keys, LETTER, (VERSION,))


def is_letter_statement(note: str) -> bool:
    """Return whether a note claims to be a statement about the final notice; `verified_letter` verifies it."""
    # By the first line alone, to choose the right verification.
    return note.partition("\n")[0].endswith(LETTER)


def is_files_statement(note: str) -> bool:
    """Return whether a note claims to be a statement about files; `verified_files` verifies it."""
    return note.partition("\n")[0].endswith(FILES)


def is_recipients_statement(note: str) -> bool:
    """Return whether a note claims to be a statement about recipients; `verified_recipients` verifies it."""
    return note.partition("\n")[0].endswith(RECIPIENTS)


def _verified(
    text: str,
    keys: Sequence[VerifierKey],
    suffix: str,
    versions: Sequence[int],
    kind: str = "certificate of an erasure",
) -> dict[str, Any]:
    note = open_note(text, keys)
    # The same keys sign checkpoints: the type in the first line keeps one kind of note from passing as another.
    first, _, rest = note.text.partition("\n")
    if first not in {key.name + suffix for key in note.signed_by}:
        raise NoteInvalidError(f"it is signed, but no {kind}")
    try:
        facts = orjson.loads(rest)
    except orjson.JSONDecodeError:
        raise NoteInvalidError("it holds no facts") from None
    if not isinstance(facts, dict) or facts.get("version") not in versions:
        raise NoteInvalidError("it is of a form that this release does not know")
    return facts


def ledger_entry(certificate: str, now: datetime) -> dict[str, Any]:
    """Return the ledger entry for a certificate, with its hash and without subjects."""
    return _entry(certificate, "Erasure.certificate", now)


def recipients_ledger_entry(statement: str, now: datetime) -> dict[str, Any]:
    """Return the ledger entry for a statement about recipients, with its hash."""
    return _entry(statement, "Erasure.recipientsStatement", now)


def letter_ledger_entry(statement: str, now: datetime) -> dict[str, Any]:
    """Return the ledger entry for a statement about the final notice, with its hash."""
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
    """Return the ledger entry with which a restored store finds erasures to repeat: a number and the hash of the
    key."""
    return {
        "version": 1,
        "event": EVENT_ERASED,
        "at": int(now.timestamp()),
        "number": number,
        "key": fingerprint.hex(),
    }
