"""The certificate of an erasure: what was done and when, signed, and without a word about whom (R35, D5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from policy.erasing import STEPS
from policy.purposes import Purpose
from store.housekeys import HouseKeys
from store.notes import NoteInvalid, Signer, VerifierKey, open_note, sign

SUFFIX = "/erasures"
"""Behind the ledger's name in the first line: a certificate is never taken for a checkpoint, nor the reverse."""

Signers = Callable[[], Awaitable[Sequence[Signer]]]
"""Those that sign the ledger now; at least one."""


def signed(signers: Sequence[Signer], facts: Mapping[str, Any]) -> str:
    """The certificate: a line that says what it is, one line of JSON, and the signatures (C2SP signed-note)."""
    text = orjson.dumps(dict(facts), option=orjson.OPT_SORT_KEYS).decode()
    return sign(f"{signers[0].name}{SUFFIX}\n{text}\n", signers)


def case_name(house: HouseKeys, erasure_id: int) -> str:
    """How a certificate, and a log, name an erasure: for ever the same, and without its moment."""
    return house.ids.lasting("Case", erasure_id, erasure_id)


def facts_of(case: str, erasure: Any, finished_at: datetime, recipients: Sequence[Any]) -> dict[str, Any]:
    """The facts of one erasure, from its row and those whom it told."""
    return {
        "version": 1,
        "case": case,
        "cause": erasure.cause,
        "requestedAt": said(erasure.requested_at),
        "dueAt": said(erasure.due_at),
        "finishedAt": said(finished_at),
        "inTime": erasure.due_at is None or finished_at <= erasure.due_at,
        "keyFingerprint": bytes(erasure.fingerprint or b"").hex(),
        "steps": {step.name: step.value for step in STEPS},
        "recipients": [
            {
                "kind": each.kind,
                "name": each.name,
                "toldAt": said(each.told_at),
                "answeredAt": said(each.answered_at),
                "answer": each.answer,
            }
            for each in recipients
        ],
    }


def last_letter(letter: Any) -> dict[str, Any]:
    """What has become of the last letter by now: it WAITS until all is signed, or can no more be delivered."""
    if letter is None:
        return {}
    return {"lastLetter": {"state": letter.outcome or "WAITS", "at": said(letter.settled_at or letter.written_at)}}


def said(moment: datetime | None) -> str | None:
    """An instant as JSON has it."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def verified(certificate: str, keys: Sequence[VerifierKey]) -> dict[str, Any]:
    """The facts of a certificate that one of these keys signed; NoteInvalid for anything else."""
    note = open_note(certificate, keys)
    first, _, rest = note.text.partition("\n")
    if first not in {key.name + SUFFIX for key in note.signed_by}:
        raise NoteInvalid("it is signed, but no certificate of an erasure")
    try:
        facts = orjson.loads(rest)
    except orjson.JSONDecodeError:
        raise NoteInvalid("it holds no facts") from None
    if not isinstance(facts, dict) or facts.get("version") != 1:
        raise NoteInvalid("it is of a form that this release does not know")
    return facts


def ledger_entry(certificate: str, now: datetime) -> dict[str, Any]:
    """What the ledger says of an erasure: that a certificate of this hash was given. It points at nobody."""
    return {
        "version": 1,
        "at": int(now.timestamp()),
        "client": "gateway",
        "purpose": Purpose.ERASURE.name,
        "reference": None,
        "operation": sha256(certificate.encode()).hexdigest(),
        "fields": ["Erasure.certificate"],
        "subjects": [],
    }
