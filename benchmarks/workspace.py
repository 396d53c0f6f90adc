"""Where everything that is made for measuring is kept, outside the repository."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.edition import edition

ISSUER = "https://measured.example"
REPOSITORY = Path(__file__).resolve().parents[1]


def default_folder() -> Path:
    """A folder in the system's temporary one, the same for each run, so that stores are made once."""
    return Path(tempfile.gettempdir()) / "gateway-benchmarks"


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one size: a sealed store, and the rows of the hand-written endpoint."""

    folder: Path

    @property
    def data(self) -> Path:
        """The gateway's customers."""
        return self.folder / "data.db"

    @property
    def keys(self) -> Path:
        """The gateway's key store."""
        return self.folder / "keys.db"

    @property
    def ledger(self) -> Path:
        """An empty ledger, to be copied before each use."""
        return self.folder / "ledger.db"

    @property
    def root(self) -> Path:
        """The root key."""
        return self.folder / "root.key"

    @property
    def plain(self) -> Path:
        """The plain tables."""
        return self.folder / "plain.db"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder given by `--work`."""

    folder: Path

    def prepare(self) -> Workspace:
        """Make the folders there are; returns itself."""
        for name in ("stores", "logs", "requests", "run"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        return self

    def files(self, size: int) -> Files:
        """The files of the stores with so many customers, of this edition."""
        return Files(self.folder / "stores" / f"{size}-{edition()}")

    def log(self, name: str) -> Path:
        """Where a server writes what it says."""
        return self.folder / "logs" / f"{name}.txt"

    def requests(self, name: str) -> Path:
        """Where requests wait to be sent."""
        return self.folder / "requests" / name

    @property
    def results(self) -> Path:
        """What was measured so far."""
        return self.folder / "results.json"

    @property
    def rivals(self) -> Path:
        """The scratch folder of the rivals."""
        return self.folder / "rivals"


def bare_environment() -> dict[str, str]:
    """What a server of ours starts with: nothing of the caller's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(REPOSITORY)}


def on_sqlite(files: Files, ledger: Path) -> dict[str, str]:
    """The gateway's settings for a store in files."""
    return _gateway(files) | {
        "GATEWAY_DATABASE_URL": f"sqlite:///{files.data}",
        "GATEWAY_KEY_STORE_URL": f"sqlite:///{files.keys}",
        "GATEWAY_LEDGER_URL": f"sqlite:///{ledger}",
    }


def on_postgresql(files: Files, database: str, keys: str) -> dict[str, str]:
    """The gateway's settings for a store on a server; only the root key is still a file."""
    return _gateway(files) | {"GATEWAY_DATABASE_URL": database, "GATEWAY_KEY_STORE_URL": keys}


def _gateway(files: Files) -> dict[str, str]:
    return {
        "GATEWAY_ISSUER": ISSUER,
        "GATEWAY_DATA_DIR": str(files.folder),
        "GATEWAY_ROOT_KEY_PATH": str(files.root),
        "GATEWAY_GRAPHIQL": "no",
        # One client asks as fast as it can here; that it would be slowed down is not what is measured.
        "GATEWAY_CLIENT_BUDGET": "1000000000",
    }
