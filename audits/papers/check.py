"""Holding the released papers against the ledger: a version that is missing, extra or another was altered."""

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
"""After which it is looked again: between its entry in the ledger and its commit, a release is in one of the two."""

RESTORE = "Restore the tables papers and paper_forms from a backup."


async def altered(main: Reader, ledger: Reader, kind: str) -> list[str]:
    """A sentence for each version of a kind that is not as the ledger says, forms and all; none if all are."""
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
    """PaperAlteredError unless the versions of a kind and their days are those of the ledger; no form is read.

    Which version holds on a day follows from all of them: one that was taken out would let an older one hold.
    """
    if found := await _against_ledger(main, ledger, kind):
        raise PaperAlteredError(found[0])


async def _against_ledger(main: Reader, ledger: Reader, kind: str) -> list[str]:
    found = await _compared(main, ledger, kind)
    if found:
        await asyncio.sleep(AGAIN_SECONDS)
        found = await _compared(main, ledger, kind)
    return found


async def _compared(main: Reader, ledger: Reader, kind: str) -> list[str]:
    releases = PaperReleases(ledger)
    try:
        told = [each for each in await releases.all() if each.kind == kind]
        resting = {each.version: each for each in await issued.versions(main, kind)}
    except AlteredEntryError as error:
        return [f"Entry {error.index} of the ledger, of a release, is not as it was signed: `gateway ledger verify`."]
    except PaperAlteredError as error:
        return [str(error)]
    by_version: dict[int, list[PaperRelease]] = {}
    for each in told:
        by_version.setdefault(each.version, []).append(each)
    expired = expired_before(datetime.now(UTC) + timedelta(days=1)) if resting and await releases.pruned() else None
    return [*_missing(kind, resting, by_version), *_others(resting, by_version, expired)]


def _missing(kind: str, resting: Mapping[int, Issued], told: Mapping[int, Sequence[PaperRelease]]) -> Iterator[str]:
    """What the ledger has and the database does not, and gaps: versions are numbered without any."""
    for version in sorted({*told, *range(1, max(resting, default=0))} - resting.keys()):
        name = f"version {version} of the {kind.lower()}"
        if version not in told:
            yield f"The database has no {name}, though it has a later one. {RESTORE}"
            continue
        last = told[version][-1]
        yield (
            f"The ledger has the release of {name}, from {last.day}, and the database has no such version. {RESTORE}"
            f" If `gateway audit acts` has no DONE of the act {last.act}, it was interrupted: release it again."
        )


def _others(
    resting: Mapping[int, Issued], told: Mapping[int, Sequence[PaperRelease]], expired: datetime | None
) -> Iterator[str]:
    """What was released otherwise or never; a release that is older than what the ledger keeps has no entry left."""
    for version, paper in resting.items():
        if version not in told:
            if expired is None or paper.at >= expired or version > min(told, default=version):
                yield f"{paper.named.capitalize()}, has no entry of a release in the ledger. {RESTORE}"
            continue
        if (paper.digest.hex(), f"{paper.day}") not in {(each.digest, each.day) for each in told[version]}:
            first = told[version][-1]
            yield (
                f"{paper.named.capitalize()}, was changed in the database after its release: its SHA-256 is"
                f" {paper.digest.hex()}, and the ledger has {first.digest}, from {first.day}. {RESTORE}"
            )
