"""What the tables say about themselves: retention, categories, owners, and the forms of values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Table
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from policy.categories import Category
from policy.retention import RetentionRule
from store.database.schemas import CAPABILITIES, SCHEMAS
from store.sql.metadata import ADDRESS_PARTS, NAME_PARTS, Instant, Sealing, instant, metadata
from store.tables.customers import customers
from tests.tables import hold_for_all

TABLES = [table for schema in SCHEMAS for table in schema.tables.tables.values()]
COLUMNS = [column for table in TABLES for column in table.columns]

EXPECTED = {
    "affiliates", "alarm_links", "card_vault", "command_keys", "customer_changes", "email_links",
    "client_grants", "client_reach", "clients", "consents", "cookie_choices", "credentials", "customers",
    "disclosures", "index_rebuilds", "lookups", "lookup_changes", "lookup_epochs", "lookup_count", "key_lookup_count",
    "documents", "domains", "erasure_letters", "erasure_recipients", "erasure_steps", "erasures", "export_parts",
    "exports", "emergency_grants", "guesses", "import_rows", "imports", "invoice_lines", "invoices",
    "known_devices", "ledger_checkpoints", "ledger_entries", "ledger_heads", "erasure_count", "key_erasure_count",
    "ledger_keys", "ledger_leaves", "ledger_pending", "ledger_postings", "ledger_runs", "ledger_server", "ledger_tiles",
    "ledger_tree", "legal_holds", "legal_requests",
    "oauth_clients",
    "oauth_codes", "oauth_consents", "oauth_families", "oauth_secrets", "outbox",
    "paper_forms", "papers",
    "partners", "passkey_challenges", "passkeys", "payment_methods", "pending_sign_ins", "reset_links", "revocations",
    "second_factors", "services", "session_proofs", "sessions", "sign_ins", "signing_keys", "slowdowns", "subject_keys",
    "document_releases", "observed_documents",
    "system_keys", "used_values", "value_rewrites", "webhooks", "recipient_contacts", "refusal_counts", "staff",
    "staff_keys", "notice_recipients", "notices", "objections", "processing_stops", "restrictions", "rights_events",
    "rights_requests",
}  # fmt: skip

OUTLIVE = {"erasures", "outbox"}
"""Records that may remain when the customer's row is gone (R57)."""


def test_all_tables_are_known() -> None:
    assert {table.name for table in TABLES} == EXPECTED


def test_every_table_stands_in_the_file_of_its_capability() -> None:
    assert {id(thing) for file in CAPABILITIES for thing in vars(file).values() if isinstance(thing, Table)} >= {
        id(table) for table in TABLES
    }


def test_every_table_has_a_retention_rule() -> None:
    assert [table.name for table in TABLES if not isinstance(table.info.get("retention"), RetentionRule)] == []


def test_every_column_names_its_category_or_says_that_it_is_not_personal() -> None:
    def check(_: str, column: Any) -> None:
        assert "category" in column.info, "declare the column with sealed(), blind(), choice() or plain()"
        assert column.info["category"] is None or isinstance(column.info["category"], Category)

    hold_for_all(check, ((str(column), column) for column in COLUMNS))


def test_rows_of_customers_are_bound_and_indexed() -> None:
    def check(table: Table) -> None:
        if table.metadata is metadata:
            assert bool(table.c.customer_id.foreign_keys) is (table.name not in OUTLIVE)
            firsts = [next(iter(index.columns)) for index in table.indexes]
            assert any(table.c.customer_id is first for first in firsts), "no index begins with the customer"
        assert not any(key.ondelete for key in table.foreign_keys), "nothing cascades"

    hold_for_all(check, ((table,) for table in TABLES if "customer_id" in table.c))


def test_what_no_api_may_give_out_says_so() -> None:
    closed = {str(column) for column in COLUMNS if not column.info["output"]}
    assert closed >= {
        "card_vault.number",
        "card_vault.fingerprint",
        "credentials.password_hash",
        "second_factors.secret",
        "customers.email_ref",
        "lookups.mark",
        "lookups.ref",
        "outbox.payload",
        "subject_keys.wrapped",
        "webhooks.secret",
    }
    assert not [column for column in COLUMNS if column.info["category"] is Category.PASSWORD and column.info["output"]]


@pytest.mark.parametrize(
    "category", ["NAME", "POSTAL_ADDRESS", "EMAIL", "PHONE", "IP_ADDRESS", "CARD_NUMBER", "CARD_EXPIRY", "LOGIN_NAME"]
)
def test_what_identifies_a_person_is_sealed_or_a_keyed_fingerprint(category: str) -> None:
    for column in COLUMNS:
        if column.info["category"] is Category[category]:
            assert isinstance(column.type, LargeBinary), column


def test_parts_go_in_and_out_in_their_order() -> None:
    sealing: Sealing = customers.c.postal_address.info["sealing"]
    assert list(sealing.parts) == ["street", "street2", "postal_code", "city", "region", "country"]
    address = {"country": "CH", "street": "Rue du Lac 1", "city": "Genève"}
    assert sealing.decode(sealing.encode(address)) == ["Rue du Lac 1", None, None, "Genève", None, "CH"]
    assert sealing.encode(["Rue du Lac 1", None, None, "Genève", None, "CH"]) == sealing.encode(address)


@pytest.mark.parametrize("wrong", ["a text", {"given": "A", "nickname": "B"}, ["one"], ["1", "2", "3"]])
def test_other_shapes_than_the_parts_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="parts"):
        Sealing(Category.NAME, NAME_PARTS, True).encode(wrong)


def test_a_single_text_takes_no_parts() -> None:
    with pytest.raises(ValueError, match="one text"):
        Sealing(Category.EMAIL, {}, True).encode(["a"])


@given(st.text())
def test_a_text_is_what_it_was(value: str) -> None:
    sealing = Sealing(Category.EMAIL, {}, True)
    try:
        encoded = sealing.encode(value)
    except UnicodeEncodeError:
        return  # A lone surrogate is no text.
    assert sealing.decode(encoded) == value


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), min_size=6, max_size=6))
def test_parts_are_what_they_were(values: list[str | None]) -> None:
    sealing = Sealing(Category.POSTAL_ADDRESS, ADDRESS_PARTS, True)
    assert sealing.decode(sealing.encode(values)) == values


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_whole_seconds_of_utc_on_both(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return
    for dialect in (SQLiteDialect_pysqlite(), PGDialect_asyncpg()):
        assert instant(Instant().process_bind_param(moment, dialect)) == expected


def test_instants_in_text_sort_like_time_and_need_a_zone() -> None:
    dialect = SQLiteDialect_pysqlite()
    moments = [datetime(year, 1, 2, tzinfo=timezone(timedelta(hours=5))) for year in (999, 1999, 2027)]
    texts = [Instant().process_bind_param(moment, dialect) for moment in moments]
    assert texts == sorted(texts)
    with pytest.raises(ValueError, match="time zone"):
        Instant().process_bind_param(datetime(2027, 1, 1), dialect)  # noqa: DTZ001
