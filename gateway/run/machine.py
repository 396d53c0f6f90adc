"""Warnings about core dumps and swap, by which the operating system writes memory to disks (D8)."""

from __future__ import annotations

import resource
from pathlib import Path

SWAPS = Path("/proc/swaps")


def machine_complaints(swaps: Path = SWAPS) -> list[str]:
    """A warning each for core dumps and for swap on disk, if they are on; none if that cannot be determined."""
    found = []
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        found.append("a crash may write this process's memory to a file: start it with `ulimit -c 0`")
    try:
        lines = swaps.read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return found
    if open_ := [line.split()[0] for line in lines if line.strip() and not _in_memory(line.split()[0])]:
        found.append(f"memory may be swapped to {', '.join(open_)}: encrypt it, or do without")
    return found


def _in_memory(name: str) -> bool:
    """True for compressed memory (zram); an encrypted device cannot be told from a plain one."""
    return Path(name).name.startswith("zram")
