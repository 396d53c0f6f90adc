"""The root key, which wraps all other keys: one file for each version, written once and never changed.

Version 1 is in the file that the settings name, version n in the same name followed by `.n`. Rotation adds a file; an
old one may be removed once `KeyStore.rotate` has reported that nothing is wrapped under it any more. For root keys in a
key management service, give `KeyStore` another object with the same three methods: `current`, `wrap`, `unwrap`.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.crypto.sealing import SealBrokenError, seal, unseal

log = logging.getLogger(__name__)

HEADING = "Root key of the customer data gateway. Whoever holds it and the key store reads everything."

CREATED = """
************************************************************************************************
  A new root key was created:  %s
  Without it NO customer data can ever be read again. Copy it NOW to a safe place that is not
  where the databases and their backups are. Only its owner may read it (mode 0600).
************************************************************************************************"""


class RootKeyError(Exception):
    """The root key does not match the store; the process must not start. The text says what to do."""


class RootKeyMissingError(RootKeyError):
    """The store has wrapped keys, but the file that unwraps them is missing."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The root key {path} is missing, and the key store was made with it. Restore that file from its backup "
            f"(mode 0600), or point GATEWAY_ROOT_KEY_PATH at it. A new root key cannot open what is stored."
        )


class RootKeyMismatchError(RootKeyError):
    """The file exists, but its key did not wrap this store."""

    def __init__(self, path: Path, why: str = "did not wrap this key store") -> None:
        super().__init__(
            f"The root key {path} {why}. Restore the right file from its backup, or point the settings at the key "
            f"store that belongs to this root key. Nothing was changed."
        )


class RootKeyExposedError(RootKeyError):
    """The file is world-readable or world-writable."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Everyone may read the root key {path}: run `chmod 600 {path}`, and consider rotating it.")


class RootKeys:
    """All versions of the root key. Versions made by another process are loaded when they are needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ciphers: dict[int, AESGCM] = {}
        self._load()

    @property
    def exists(self) -> bool:
        """True if there is any root key."""
        return bool(self._ciphers)

    def current(self) -> int:
        """Return the newest version, under which new keys are wrapped; costs one `stat`."""
        if self.file(max(self._ciphers, default=0) + 1).exists():
            self._load()
        if not self._ciphers:
            raise RootKeyMissingError(self.path)
        return max(self._ciphers)

    def file(self, version: int) -> Path:
        """Return the path of a version."""
        return self.path if version == 1 else self.path.with_name(f"{self.path.name}.{version}")

    def create(self) -> int:
        """Make the next version and return its number; if another process made it first, its key is used."""
        version = max(self._ciphers, default=0) + 1
        if write_once(self.file(version), _file_text(version, secrets.token_bytes(32))):
            log.warning(CREATED, self.file(version).absolute())
        self._load()
        return version

    def made_at(self) -> datetime:
        """Return when the newest version's file was written, or copied here."""
        return datetime.fromtimestamp(self.file(self.current()).stat().st_mtime, UTC)

    def older(self) -> list[int]:
        """Return all versions but the newest one."""
        return sorted(set(self._versions()) - {self.current()})

    def destroy(self, version: int) -> None:
        """Overwrite and remove the file of a version that is not used any more; ValueError for the newest.

        Copies that an SSD or a copy-on-write file system keeps, and copies elsewhere, are left to the operator.
        """
        if version >= self.current():
            raise ValueError("the newest root key is in use")
        file = self.file(version)
        with suppress(FileNotFoundError):
            with file.open("r+b") as old:
                old.write(bytes(file.stat().st_size))
                old.flush()
                os.fsync(old.fileno())
            file.unlink()
            sync_folder(file.parent)
        self._ciphers.pop(version, None)

    def wrap(self, place: str, key: bytes) -> tuple[int, bytes]:
        """Wrap a key, bound to its place in the key store; returns the version of the root key and the wrapped key."""
        version = self.current()
        return version, bytes(seal(self._ciphers[version], place.encode(), key))

    def unwrap(self, version: int, place: str, wrapped: bytes) -> bytes:
        """Unwrap a key; RootKeyMissingError without the version, RootKeyMismatchError when it does not decrypt."""
        cipher = self._ciphers.get(version)
        if cipher is None:
            self._load()
            cipher = self._ciphers.get(version)
            if cipher is None:
                raise RootKeyMissingError(self.file(version))
        try:
            return unseal(cipher, place.encode(), wrapped)
        except SealBrokenError:
            raise RootKeyMismatchError(self.file(version)) from None

    def _load(self) -> None:
        for version in self._versions():
            if version not in self._ciphers:
                self._ciphers[version] = AESGCM(_read(self.file(version)))

    def _versions(self) -> list[int]:
        prefix = self.path.name + "."
        beside = self.path.parent.iterdir() if self.path.parent.is_dir() else ()
        numbers = [entry.name.removeprefix(prefix) for entry in beside if entry.name.startswith(prefix)]
        return [1] * self.path.exists() + [int(number) for number in numbers if number.isdecimal()]


def write_new(path: Path) -> bool:
    """Write a new key to a file that is not in use yet, to be copied and renamed to a version; False if it exists."""
    return write_once(
        path, _file_text(int(path.suffix[1:]) if path.suffix[1:].isdecimal() else 1, secrets.token_bytes(32))
    )


def _file_text(version: int, key: bytes) -> bytes:
    lines = (HEADING, f"version: {version}", f"key: {urlsafe_b64encode(key).decode()}", f"check: {_check(key)}")
    return "\n".join((*lines, "")).encode()


def _check(key: bytes) -> str:
    """Return a checksum that distinguishes a damaged file from another key; 64 bits of a hash of a random key are
    safe."""
    return sha256(b"gateway root key" + key).hexdigest()[:16]


def _read(path: Path) -> bytes:
    mode = path.stat().st_mode
    # World access is an error, group access only a warning: some deployments share files within a group.
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise RootKeyExposedError(path)
    if mode & (stat.S_IRGRP | stat.S_IWGRP):
        log.warning("The group of the root key %s may read it; mode 0600 is safer.", path)
    try:
        fields = dict(line.split(": ", 1) for line in path.read_text("ascii").splitlines()[1:] if ": " in line)
        key = urlsafe_b64decode(fields["key"])
    except (KeyError, ValueError):
        raise RootKeyMismatchError(path, "is not a root key file") from None
    if len(key) != 32 or fields.get("check") != _check(key):
        raise RootKeyMismatchError(path, "is damaged")
    return key


def write_once(path: Path, content: bytes) -> bool:
    """Create a file of mode 0600 with this content, durably and atomically; False, without a change, if it exists.

    The process may be killed after each step: (1) create a temporary file with mode 0600, (2) write and fsync it, (3)
    link it to its name, which fails if the name exists, (4) fsync the folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)  # (1)
    try:
        with os.fdopen(handle, "wb") as file:  # (2)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # (3)
        except FileExistsError:
            return False
    finally:
        os.unlink(temporary)
    sync_folder(path.parent)  # (4)
    return True


def sync_folder(path: Path) -> None:
    """Flush the entries of a folder to the disk (fsync)."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
