"""Registered clients, with their purposes, limits and trusted documents."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text

from policy.grant import Over, Refusal
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, plain, table

REFUSALS = tuple(each.name for each in Refusal)
BEYOND = tuple(each.name for each in Over)

clients = table(
    "clients",
    RetentionRule.CLIENT_REGISTRATION,
    plain("id", String(64), None, primary_key=True),
    plain("name", String(200), None),
    plain("purposes", Text, None),
    plain("scopes", Text, None),
    choice("refusal", REFUSALS, None),
    plain("documents_only", Boolean, None),
    plain("introspection", Boolean, None),
    plain("max_page", Integer, None),
    plain("created_at", Instant, None),
    plain("disabled_at", Instant, None, nullable=True),
    plain("secret_hash", Text, None, nullable=True, output=False),
    plain("customers_per_hour", Integer, None, nullable=True),
    choice("beyond", BEYOND, None, nullable=True),
    plain("void_until", Instant, None, nullable=True),
    plain("partner_id", Id, None, ForeignKey("partners.id"), nullable=True),
    plain("keeps", String(200), None, nullable=True),
    plain("keeps_days", Integer, None, nullable=True),
    plain("documents_observed_at", Instant, None, nullable=True),
    plain("origins", Text, None, nullable=True),
    plain("names_person", Boolean, None, nullable=True),
)
"""`purposes` and `scopes` are JSON lists of names; `max_page` is the maximum number of rows in a page.
Tokens issued at or before `void_until` are void: the client was disabled then. `customers_per_hour` is the number of
different customers it may read in an hour, and `beyond` the reaction; null for the limit of the settings, and for an
alarm. New registrations get STOP by default. `keeps` describes the copies that the program keeps of the data, and
`keeps_days` for how long, 0 for none; null: unknown. Since `documents_observed_at` ad hoc documents of the client are
counted, before only registered ones are accepted (`documents_only`). `origins` is a JSON list of the origins of pages
whose scripts may read its answers (CORS); null: none. With `names_person` each request names the member of staff who
asks."""

documents = table(
    "documents",
    RetentionRule.CLIENT_REGISTRATION,
    plain("client_id", String(64), None, ForeignKey("clients.id"), primary_key=True),
    plain("hash", String(64), None, primary_key=True),
    plain("text", Text, None),
    plain("purpose", String(40), None, nullable=True),
    plain("registered_at", Instant, None),
    plain("uses", BigInteger, None, nullable=True),
    plain("last_used_at", Instant, None, nullable=True),
    plain("acting", Boolean, None, nullable=True),
)
"""`hash` is the SHA-256 of `text` in lower-case hexadecimal; `uses` counts the operations that named it. An `acting`
one may change something at /mcp; null and false: an agent can only read by it."""

document_releases = table(
    "document_releases",
    RetentionRule.CLIENT_REGISTRATION,
    plain("client_id", String(64), None, ForeignKey("clients.id"), primary_key=True),
    plain("hash", String(64), None, primary_key=True),
    plain("release", String(40), None, primary_key=True),
    plain("registered_at", Instant, None),
)
"""The releases of a client that send a document, such as `2.3.1`; a document may be of several."""

observed_documents = table(
    "observed_documents",
    RetentionRule.CLIENT_REGISTRATION,
    plain("client_id", String(64), None, ForeignKey("clients.id"), primary_key=True),
    plain("shape", String(64), None, primary_key=True),
    plain("operations", BigInteger, None),
    plain("first_at", Instant, None),
    plain("last_at", Instant, None),
)
"""Ad hoc documents of clients that are observed, counted by shape: a hash without values and free names, as in the
ledger, or `*` for those beyond the limit of a client. They go when the client is observed anew."""
