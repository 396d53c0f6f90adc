"""Pairwise identifiers: each client knows a customer by a `sub` of its own (OpenID Connect Core §8.1)."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from store.crypto.subject_key import SubjectKey


def pairwise_subject(key: SubjectKey, client_id: str) -> str:
    """The `sub` by which a client knows a customer: always the same, and another one for every other client.

    It is a keyed hash under the customer's own key: two clients cannot tell that they know the same person, and once
    the customer is erased nobody can find out any more whose it was. Each client is a sector of its own.
    """
    return _text(key, "pairwise subject", client_id)


def pairwise_session(key: SubjectKey, client_id: str, session_id: int) -> str:
    """The `sid` by which a client knows a session (OpenID Connect Back-Channel Logout §2.1)."""
    return _text(key, "pairwise session", f"{client_id}\0{session_id}")


def _text(key: SubjectKey, kind: str, value: str) -> str:
    return urlsafe_b64encode(key.keyed_hash(kind, value.encode())).decode().rstrip("=")
