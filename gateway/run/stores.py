"""The configuration of the store by the settings; apart from what serves, so that a command starts fast."""

from __future__ import annotations

from gateway.config.settings import Settings
from gateway.run.head_places import make_head_place
from store.database.config import StoreConfig


def store_config(settings: Settings) -> StoreConfig:
    """The configuration of the store by the settings."""
    return StoreConfig(
        database_url=settings.database_url,
        key_store_url=settings.key_store_url,
        ledger_url=settings.ledger_url,
        root_key_path=settings.root_key_path,
        maintenance_url=settings.maintenance_url or None,
        id_key_version=settings.id_key_version,
        connections=settings.database_connections,
        pooled=settings.database_pooler == "transaction",
        head_place=make_head_place(settings),
    )
