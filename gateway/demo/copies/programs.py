"""The programs of a sanitised copy: their purposes, limits and documents, without secrets, keys and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.demo.copies.reading import dicts
from policy.platforms import DEFAULT
from resolvers.clients.client_area import ID as AREA
from store.registers.clients import clients, document_releases, documents
from store.sql.reading import Reader
from store.tables.oauth import oauth_clients

PAGE = 200


def _client(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Its name may be a person's, and what it keeps is said about the original: the id says enough."""
    gone = {"secret_hash": None, "partner_id": None, "keeps": None, "void_until": None, "origins": None}
    return {**row, "name": row["id"], "created_at": now, "documents_observed_at": None, **gone}


def _terms(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Back to an address of nobody's; who signed requests with a key has none here, and gets a secret by `clients
    rotate`."""
    back = row["redirect_uris"] if row["client_id"] == AREA else f'["https://{row["client_id"].lower()}.example/back"]'
    known = "NONE" if row["authentication"] == "NONE" else "SECRET"
    return {**row, "redirect_uris": back, "keys": None, "authentication": known, "platform": row["platform"] or DEFAULT}


def _document(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {**row, "registered_at": now, **({"uses": None, "last_used_at": None} if "uses" in row else {})}


COPIED = {clients: _client, oauth_clients: _terms, documents: _document, document_releases: _document}


async def copy_programs(source: Reader, connection: AsyncConnection, now: datetime) -> frozenset[str]:
    """Write the programs into the copy; returns their ids. StoreUnavailableError."""
    known = set[str]()
    for table, made in COPIED.items():
        async for page in _pages(source, table):
            await connection.execute(insert(table), [made(row, now) for row in page])
            known |= {row["id"] for row in page} if table is clients else set()
    return frozenset(known)


async def _pages(source: Reader, table: Table) -> Any:
    """The rows of a register, a page at a time: there are few, but a document may be long."""
    order = tuple(table.primary_key.columns)
    offset = 0
    while page := await dicts(source, select(table).order_by(*order).limit(PAGE).offset(offset), {}):
        yield page
        offset += PAGE
