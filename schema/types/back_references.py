"""A forward reference to `Customer`, for types that the module of `Customer` imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.types.customers import Customer

CustomerRef = Annotated["Customer", strawberry.lazy("schema.types.customers")]
