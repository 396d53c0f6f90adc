"""The columns of free text, which may contain names, and the reason why no other unencrypted text can (D1).

A text column without a category must be in one of the two lists, or `gateway audit lint` fails: so nobody adds a column
for notes and forgets that it may contain a name. The canary test writes a name into every column of `WRITTEN`, through
the product's own interfaces, and searches for it in logs, metrics, errors and the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.categories import Category

WRITTEN: Final[Mapping[str, Category]] = {
    "services.name": Category.SUBSCRIPTION,
    "second_factors.label": Category.AUTH_FACTOR,
    "sessions.device": Category.ACCESS_HISTORY,
    "sign_ins.device": Category.ACCESS_HISTORY,
    "legal_holds.basis": Category.ACCESS_HISTORY,
    "legal_requests.authority": Category.ACCESS_HISTORY,
    "legal_requests.ground": Category.ACCESS_HISTORY,
    "legal_requests.reason": Category.ACCESS_HISTORY,
    "papers.sign_offs": Category.ACCESS_HISTORY,
    "clients.name": Category.NAME,
    "clients.keeps": Category.NAME,
}
"""The category of free text by `table.column`. The last two describe programs, but may contain a person's name (`Jean
Dupont's tool`); so the ledger, logs and errors identify a client by its id. The reason for a paper's change
(`papers.reason`) is not in this list, since the ledger contains it, too: `check_reason` refuses texts that look like an
address or a telephone number, and the help says that it must name nobody."""

_WORDS = "words of the program: schema coordinates, purposes, states, dates, numbers"
_HASH = "a hash, a key or a signature"
_NAME = "a name that a pattern has judged, without blanks at its ends, @ or line breaks: a company's or a system's"
_URL = "an address that a rule has judged: https, no password in it"
_CODE = "a code that a pattern has judged, which names nobody"
_SENTENCE = "a sentence of staff about the program's case; refused with an address or a telephone number in it"
FORMED: Final[Mapping[str, str]] = {
    "affiliates.country": _WORDS, "affiliates.name": _NAME, "affiliates.url": _URL,
    "clients.id": _NAME, "clients.purposes": _WORDS, "clients.scopes": _WORDS, "clients.secret_hash": _HASH,
    "client_grants.client_id": _NAME, "client_grants.purpose": _WORDS,
    "client_reach.client_id": _NAME,
    "command_keys.outcome": "the program's own answer: ids and codes of errors",
    "document_releases.client_id": _NAME, "document_releases.hash": _HASH, "document_releases.release": _NAME,
    "documents.client_id": _NAME, "documents.hash": _HASH, "documents.purpose": _WORDS,
    "documents.text": "a GraphQL document that a developer registers; values come with each request as variables",
    "emergency_grants.because": _SENTENCE, "emergency_grants.client_id": _NAME, "emergency_grants.finding": _SENTENCE,
    "emergency_grants.opened_by": _CODE, "emergency_grants.purpose": _WORDS, "emergency_grants.reference": _NAME,
    "emergency_grants.reviewed_by": _CODE,
    "erasure_recipients.answer": _WORDS, "erasure_recipients.earlier": _WORDS, "erasure_recipients.country": _WORDS,
    "erasure_recipients.keeps": "a copy of clients.keeps", "erasure_recipients.name": _NAME,
    "erasure_recipients.trouble": _WORDS, "erasures.holds": _WORDS, "erasures.step": _WORDS, "erasures.trouble": _WORDS,
    "imports.system": _NAME, "index_rebuilds.lookup": _WORDS, "ledger_checkpoints.note": _HASH,
    "ledger_heads.origin": _URL, "ledger_keys.origin": _URL, "ledger_tree.holder": _WORDS,
    "ledger_server.timeline": _WORDS,
    "legal_requests.signature": _HASH, "legal_requests.second_signature": _HASH,
    "lookup_changes.scope": _WORDS, "lookups.scope": _WORDS, "notice_recipients.trouble": _WORDS,
    "observed_documents.client_id": _NAME, "observed_documents.shape": _HASH,
    "oauth_clients.client_id": _NAME, "oauth_clients.grants": _WORDS, "oauth_clients.keys": _HASH,
    "oauth_clients.redirect_uris": _URL, "oauth_clients.backchannel_logout_uri": _URL, "clients.origins": _URL,
    "oauth_codes.challenge": _HASH, "oauth_codes.client_id": _NAME, "oauth_codes.jkt": _HASH,
    "oauth_codes.nonce": "a random value of the client's own (OpenID Connect Core 15.5.2), gone with the code",
    "oauth_codes.redirect_uri": _URL, "oauth_codes.scope": _WORDS, "oauth_families.jkt": _HASH,
    "oauth_secrets.client_id": _NAME,
    "outbox.client_id": _NAME, "outbox.event": _WORDS, "outbox.topic": _WORDS, "outbox.trouble": _WORDS,
    "paper_forms.content": "a notice or a record: words of the policy, names of companies", "paper_forms.form": _WORDS,
    "paper_forms.language": _WORDS,
    "papers.inputs": "what a paper was made from", "papers.loosens": _WORDS, "papers.valid_from": _WORDS,
    "partners.country": _WORDS, "partners.fields": _WORDS, "partners.name": _NAME, "partners.purpose": _WORDS,
    "recipient_contacts.email": "a company's mailbox, which a rule has judged", "recipient_contacts.name": _NAME,
    "refusal_counts.client_id": _NAME, "refusal_counts.coordinate": _WORDS, "refusal_counts.purpose": _WORDS,
    "refusal_counts.reason": _WORDS,
    "rights_requests.signature": _HASH, "rights_requests.second_signature": _HASH,
    "signing_keys.kid": _HASH, "signing_keys.public_jwk": _HASH, "slowdowns.key": _HASH,
    "staff.code": _CODE,
    "staff_keys.fingerprint": _HASH, "staff_keys.public": "a public key, its comment left out",
    "system_keys.name": _WORDS,
    "value_rewrites.value": _WORDS, "webhooks.events": _WORDS, "webhooks.name": _NAME, "webhooks.url": _URL,
}  # fmt: skip
"""By `table.column`, the rule that determines the form of a text without a category."""
