"""The columns of a file: their names, those that another system uses, and the line that names them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policy.platforms import PLATFORMS, WITH_SECOND_FACTOR, Platform
from resolvers.customers.new_customer_rows import FURTHER
from resolvers.inputs.report import FileFault, ImportFileError

REQUIRED = ("email", "street", "city", "country")
NAMES = ("given_name", "family_name")
"""One of them is required: some people have one name."""


@dataclass(frozen=True, slots=True)
class CredentialColumns:
    """The columns of the sign-in to one platform, such as `client_area_login`."""

    platform: Platform
    login: str
    password_hash: str
    otpauth: str | None
    """The second factor; None for a platform that has none."""

    all: tuple[str, ...]
    """The names of these columns."""


def _credential_columns(platform: Platform) -> CredentialColumns:
    word = platform.lower()
    otpauth = f"{word}_otpauth" if platform in WITH_SECOND_FACTOR else None
    login, password_hash = f"{word}_login", f"{word}_password_hash"
    names = (login, password_hash) if otpauth is None else (login, password_hash, otpauth)
    return CredentialColumns(platform, login, password_hash, otpauth, names)


CREDENTIALS = tuple(_credential_columns(platform) for platform in PLATFORMS)
"""The sign-in to each platform (R38)."""

OPTIONAL = (
    "customer_number", "external_id", "customer_since", "phone", "street2", "postal_code", "region", "locale",
    "product_news", "services", *(column for each in CREDENTIALS for column in each.all), "invoices", *FURTHER,
)  # fmt: skip
COLUMNS = NAMES + REQUIRED + OPTIONAL
"""The columns of CSV and the keys of NDJSON."""


@dataclass(frozen=True, slots=True)
class FileLayout:
    """The columns that a kind of file has."""

    columns: tuple[str, ...]
    required: tuple[str, ...]
    one_of: tuple[str, ...]
    """Columns of which one is required."""


CUSTOMERS = FileLayout(COLUMNS, REQUIRED, NAMES)
INVOICES = FileLayout(
    (
        "customer_number", "external_id", "number", "issued_at", "due_at", "paid_at", "paid_with", "cancelled",
        "currency", "total", "tax", "lines",
    ),
    ("number", "issued_at", "currency", "total"),
    ("external_id", "customer_number"),
)  # fmt: skip
"""A file of invoices names the customer of each by the id in the former system, or by the customer number."""

Renamed = Mapping[str, str]
"""Names of columns in a file, folded, by our names; an empty one is not imported."""


def read_renamed(path: Path, layout: FileLayout = CUSTOMERS) -> Renamed:
    """Read a TOML file of lines such as `"Last name" = "family_name"`; ImportFileError if one is no column of ours."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ImportFileError(FileFault.NOT_A_MAPPING) from None
    # A column that is not imported has an empty name: leaving it out is decided, not forgotten.
    if not all(isinstance(each, str) and (each == "" or each in layout.columns) for each in given.values()):
        raise ImportFileError(FileFault.NOT_A_MAPPING)
    return {folded(name): own for name, own in given.items()}


def folded(name: str) -> str:
    """The name of a column for comparisons: in lower case, with underscores for spaces."""
    return "_".join(name.strip().lower().replace("_", " ").split())


def read_header(cells: Sequence[str], renamed: Renamed, line: int, layout: FileLayout = CUSTOMERS) -> list[str]:
    """The names of the columns, empty where one is not imported; an unknown one is told by its position only, as it may
    be somebody's data."""
    names = [folded(each) for each in cells]
    while names and not names[-1]:  # Some programs end each line with one more delimiter.
        names.pop()
    names = [renamed.get(each, each) if each else "?" for each in names]
    needed = layout.required if any(name in names for name in layout.one_of) else (*layout.one_of, *layout.required)
    if missing := tuple(name for name in needed if name not in names):
        raise ImportFileError(FileFault.MISSING_COLUMNS, line, missing)
    if unknown := tuple(at for at, name in enumerate(names, 1) if name and name not in layout.columns):
        raise ImportFileError(FileFault.UNKNOWN_COLUMNS, line, unknown)
    if doubled := tuple(dict.fromkeys(name for name in names if name and names.count(name) > 1)):
        raise ImportFileError(FileFault.DUPLICATE_COLUMNS, line, doubled)
    return names
