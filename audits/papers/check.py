"""Verifies the released papers against the ledger: a version that is missing, extra or different was altered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from audits.papers import issued
from audits.papers.issued import Issued, PaperAlteredError
from store.accesses.check import AlteredEntryError
from store.accesses.paper_releases import PaperRelease, PaperReleases
from store.ledger.pruning import expired_before
from store.sql.reading import Reader

AGAIN_SECONDS = 0.5
"""Seconds before a second check: between its ledger entry and its commit, a release is in one of the two only."""

RESTORE = "Restore the tables papers and paper_forms from a backup."


async def altered(main: Reader, ledger: Reader, kind: str) -> list[str]:
    """Return a sentence for each version of a kind that differs from the ledger, forms included; none if all match."""
    found = await _against_ledger(main, ledger, kind)
    if found:
        return found
    for each in await issued.versions(main, kind):
        try:
            await issued.forms_of(main, each)
        except PaperAlteredError as error:
            found.append(str(error))
    return found


async def require_released(main: Reader, ledger: Reader, kind: str) -> None:
    """Raise PaperAlteredError unless the versions of a kind and their days match the ledger; no form is read.

    All versions are needed to determine the one in force on a day: if one was removed, an older one would be in force.
    """
    if found := await _against_ledger(main, ledger, kind):
        raise PaperAlteredError(found[0])


async def _against_ledger(main: Reader, ledger: Reader, kind: str) -> list[str]:
    found = await _compared(main, ledger, kind)
    if found:
        # A release writes its ledger entry before it commits, so that a difference may be one under way.
        await asyncio.sleep(AGAIN_SECONDS)
        found = await _compared(main, ledger, kind)
    return found


async def _compared(main: Reader, ledger: Reader, kind: str) -> list[str]:
    releases = PaperReleases(ledger)
    try:
        released = [each for each in await releases.all() if each.kind == kind]
        resting = {each.version: each for each in await issued.versions(main, kind)}
    except AlteredEntryError as error:
        return [f"Entry {error.index} of the ledger, of a release, is not as it was signed: `gateway ledger verify`."]
    except PaperAlteredError as error:
        return [str(error)]
    by_version: dict[int, list[PaperRelease]] = {}
    for each in released:
        by_version.setdefault(each.version, []).append(each)
    # A day of tolerance, since the clock of the pruner may be ahead of this one.
    expired = expired_before(datetime.now(UTC) + timedelta(days=1)) if resting and await releases.pruned() else None
    return [*_missing(kind, resting, by_version), *_others(resting, by_version, expired)]


def _missing(kind: str, resting: Mapping[int, Issued], released: Mapping[int, Sequence[PaperRelease]]) -> Iterator[str]:
    """Yield versions that the ledger has and the database lacks, and gaps: versions are numbered consecutively."""
    for version in sorted({*released, *range(1, max(resting, default=0))} - resting.keys()):
        name = f"version {version} of the {kind.lower()}"
        if version not in released:
            yield f"The database has no {name}, though it has a later one. {RESTORE}"
            continue
        last = released[version][-1]
        yield (
            f"The ledger has the release of {name}, from {last.day}, and the database has no such version. {RESTORE}"
            f" If `gateway audit acts` has no DONE of the act {last.act}, it was interrupted: release it again."
        )


def _others(
    resting: Mapping[int, Issued], released: Mapping[int, Sequence[PaperRelease]], expired: datetime | None
) -> Iterator[str]:
    """Yield versions with another release, or none; the entry of a release older than the ledger's retention is
    pruned."""
    for version, paper in resting.items():
        if version not in released:
            # Versions are released in order: an entry that is missing between others was not pruned.
            if expired is None or paper.at >= expired or version > min(released, default=version):
                yield f"{paper.named.capitalize()}, has no entry of a release in the ledger. {RESTORE}"
            continue
        if (paper.digest.hex(), f"{paper.day}") not in {(each.digest, each.day) for each in released[version]}:
            first = released[version][-1]
            yield (
                f"{paper.named.capitalize()}, was changed in the database after its release: its SHA-256 is"
                f" {paper.digest.hex()}, and the ledger has {first.digest}, from {first.day}. {RESTORE}"
            )
