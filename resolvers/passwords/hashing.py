"""Hashes and verifies passwords with Argon2id, on a bounded number of threads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from resolvers.passwords.foreign import is_ours, verify_foreign
from resolvers.passwords.text import too_long

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Cost:
    """The parameters of Argon2id. The defaults are OWASP's recommendation: 19 MiB, two passes, one lane."""

    kibibytes: int = 19_456
    passes: int = 2
    lanes: int = 1


def _argon2(cost: Cost) -> PasswordHasher:
    return PasswordHasher(cost.passes, cost.kibibytes, cost.lanes)


@cache
def _nobody(cost: Cost) -> str:
    """A hash to verify against if the account does not exist (S1)."""
    return _argon2(cost).hash("the password of nobody")


class HashingBusyError(Exception):
    """Too many passwords wait to be hashed; try again in a second."""


class Hasher:
    """Hashes and verifies on at most `threads` threads, with at most `waiting` calls in progress or queued."""

    def __init__(self, cost: Cost | None = None, threads: int | None = None, waiting: int = 64) -> None:
        cost = cost or Cost()
        self._argon2 = _argon2(cost)
        # Each computation takes 19 MiB and a core: more threads gain nothing, and starve the event loop.
        self._pool = ThreadPoolExecutor(threads or min(4, os.cpu_count() or 1), "passwords")
        self._waiting = waiting
        self._inside = 0
        self._nobody = _nobody(cost)
        self.slowest_foreign = 0.0
        """The seconds of the slowest verification of another system's hash so far: refusals of every account wait as
        long, so that a slow one does not tell whose hash came by import (S1)."""

    def stale(self, stored: str) -> bool:
        """True if a stored hash has other parameters than the present ones, or came from another system."""
        return not is_ours(stored) or self._is_cheap(stored)

    async def hash(self, password: str) -> str:
        """Hash a password for storage; HashingBusyError if too many wait, ValueError if it is too long."""
        self._check(password)
        return await self._in_pool(lambda: self._argon2.hash(password))

    async def verify(self, stored: str | None, password: str, typed: str | None = None) -> bool:
        """True if the password is right; HashingBusyError if too many wait, ValueError if it is too long.

        It takes as long for a missing account (None) or a hash with cheaper parameters: one computation with the
        present parameters is always made (S1). `typed` is the password before it was normalised, which is what another
        system hashed.
        """
        self._check(password)
        return await self._in_pool(lambda: self._verify(stored, password, typed))

    async def any_of(self, stored: list[str], password: str) -> bool:
        """True if it is one of these passwords of the same customer (R38)."""
        self._check(password)
        # One task for all, so that they take one place in the queue.
        return await self._in_pool(lambda: any(self._matches(each, password) for each in stored))

    def _verify(self, stored: str | None, password: str, typed: str | None) -> bool:
        # A missing or cheap hash would answer faster, and so reveal itself (S1).
        if stored is None or self._is_cheap(stored):
            self._matches(self._nobody, password)
        if stored is None:
            return False
        if typed is None or typed == password or is_ours(stored):
            return self._matches(stored, password)
        # Another system hashed what was typed.
        return self._matches(stored, password) or self._matches(stored, typed)

    def _is_cheap(self, stored: str) -> bool:
        try:
            return self._argon2.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _matches(self, stored: str, password: str) -> bool:
        if not is_ours(stored):
            began = time.perf_counter()
            right = verify_foreign(stored, password)
            self.slowest_foreign = max(self.slowest_foreign, time.perf_counter() - began)
            return right
        try:
            return self._argon2.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _check(self, password: str) -> None:
        if too_long(password):
            raise ValueError("check the length before hashing")

    async def _in_pool(self, work: Callable[[], Result]) -> Result:
        # Refused instead of queued without bound: waiting requests would time out anyway (G11).
        if self._inside >= self._waiting:
            raise HashingBusyError
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Stop the threads without waiting."""
        self._pool.shutdown(wait=False, cancel_futures=True)
