"""The command `python -m benchmarks`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from benchmarks import erasing, machine, profile, report, sections
from benchmarks.contestants import StartError
from benchmarks.effort import FULL, QUICK, Effort
from benchmarks.equal import UnequalAnswersError
from benchmarks.load import INSTALL_WRK, LoadError, has_wrk
from benchmarks.postgres import Postgres
from benchmarks.results import Results
from benchmarks.rig import WARM, Rig
from benchmarks.rivals import SERVERS, RivalError, prepared
from benchmarks.workspace import REPOSITORY, Workspace, default_folder

PAGE = REPOSITORY / "docs" / "performance.md"

SECTIONS: dict[str, Callable[[Rig], dict[str, Any]]] = {
    "compare": sections.compare,
    "tails": sections.tails,
    "two": sections.two,
    "growth": sections.growth,
    "start": sections.start,
    "erasure": erasing.erasure,
    "profile": profile.profile,
    "memory": sections.memory,
}


class Postgresql:
    """Our server for the length of a block, ended unless it ran before."""

    def __init__(self, folder: Path) -> None:
        self.server = Postgres(folder)

    def close(self) -> None:
        """End it; its data stays."""
        self.server.stop()


def tell(text: str) -> None:
    """Say on stderr what is being done."""
    click.echo(f"[{time.strftime('%H:%M:%S')}] {text}", err=True)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("names", metavar="[SECTION]...", nargs=-1, type=click.Choice([*SECTIONS, "load", "report"]))
@click.option("--quick", is_flag=True, help="A glance: small stores, single rounds of a second; writes no page.")
@click.option(
    "--rivals",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="RIVALS",
    help="Folder of other GraphQL servers to measure too (or the environment's RIVALS); needs wrk and npm.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_folder,
    show_default="a folder in the system's temporary one",
    help="Where stores and results are kept between runs (about 6 GB for a million customers).",
)
@click.option("--size", type=click.IntRange(600), help="Customers of the comparison.  [100,000; quick: 1,000]")
@click.option("--sizes", help="Customers of the stores whose growth is measured, such as 1000,100000.")
@click.option("--rounds", type=click.IntRange(1), help="Rounds of the comparison.  [3; quick: 1]")
@click.option("--memory-seconds", type=click.FloatRange(2), help="Length of the memory test.  [600; quick: 10]")
@click.option("--no-postgresql", is_flag=True, help="Measure on SQLite only.")
@click.option("--resume", is_flag=True, help="Keep what an interrupted run with the same options finished.")
@click.option("--page/--no-page", "write", default=None, help="Write docs/performance.md.  [not with --quick]")
def main(
    names: tuple[str, ...],
    quick: bool,
    rivals: Path | None,
    work: Path,
    size: int | None,
    sizes: str | None,
    rounds: int | None,
    memory_seconds: float | None,
    no_postgresql: bool,
    resume: bool,
    write: bool | None,
) -> None:
    """Measure the gateway beside a hand-written REST endpoint that reads the same customers in plain text.

    \b
    All sections, and the page docs/performance.md:         python -m benchmarks
    The same with other GraphQL servers beside:              python -m benchmarks --rivals FOLDER
    A glance of about two minutes, printed only:             python -m benchmarks --quick
    The cost of one request, room by room:                   python -m benchmarks profile
    Go on with what was interrupted:                         python -m benchmarks --resume
    Make the stores only, or write the page anew only:       python -m benchmarks load | report

    \b
    SECTION is one or more of
      compare  endpoint, gateway, others with the gateway's duties (and rivals) in interleaved rounds, on both stores
      tails    latency of the gateway at 100, 300 and 1,000 requests a second
      two      the same with two processes each
      growth   the cost of a request with 1,000, 100,000 and 1,000,000 customers
      start    from starting the server to its first answer
      erasure  due erasures a minute, by real workers on copies of the stores
      profile  the cost of a request by room of the house and by function
      memory   memory of a process under ten minutes of load

    A full run takes about half an hour, ten minutes of it the memory test, and a quarter of an hour more when the
    stores are made for the first time. Load is made by wrk. Everything stays on loopback. Exit code: 0; 1 when there
    were errors; 2 when it cannot be run here.
    """
    effort = _effort(quick, size, sizes, rounds, memory_seconds)
    place = Workspace(work.absolute()).prepare()
    if names == ("report",):
        _write_page(Results.kept(place.results), write is not False)
        return
    try:
        failed = _measure(names, effort, place, rivals, not no_postgresql, resume)
    except (RivalError, StartError, UnequalAnswersError, LoadError) as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    if names != ("load",):
        _write_page(Results.kept(place.results), not quick if write is None else write)
    sys.exit(1 if failed else 0)


def _effort(
    quick: bool, size: int | None, sizes: str | None, rounds: int | None, memory_seconds: float | None
) -> Effort:
    effort = QUICK if quick else FULL
    if size is not None:
        effort = replace(effort, size=size)
    if sizes:
        effort = replace(effort, sizes=tuple(int(each) for each in sizes.split(",")))
    if rounds is not None:
        effort = replace(effort, one=replace(effort.one, rounds=rounds))
    return effort if memory_seconds is None else replace(effort, memory=memory_seconds)


def _measure(
    names: Sequence[str], effort: Effort, place: Workspace, folder: Path | None, postgresql: bool, resume: bool
) -> bool:
    """Run the sections; True when somebody answered with errors."""
    if not has_wrk() and names != ("load",):
        raise LoadError(INSTALL_WRK)
    wanted = [name for name in SECTIONS if name in names or not names]
    run = {"effort": effort.name, "size": effort.size, "sizes": list(effort.sizes), "rivals": folder is not None}
    results = Results(place.results, run, resume or bool(names))
    wanted = [name for name in wanted if not (resume and results.has(name))]
    _announce(wanted, effort, folder is not None, postgresql)
    with closing(Postgresql(place.folder / "postgres")) if postgresql else nullcontext() as ours:
        server = ours.server if ours else None
        needed = folder if {"compare", "two"} & set(wanted) else None
        with prepared(needed, place.rivals, server, tell) as rivals:
            rig = Rig(place, effort, server, rivals, tell)
            _prepare(rig, wanted)
            results.note("machine", machine.facts())
            results.note("versions", {"PostgreSQL": _version(server)} | (rivals.versions() if rivals else {}))
            for name in wanted:
                tell(f"section {name}")
                results.keep(name, SECTIONS[name](rig))
    return any(_errors(results.content["sections"].get(name, {})) for name in wanted)


def _prepare(rig: Rig, wanted: Sequence[str]) -> None:
    """Make every store first, so that a section's time is only for measuring."""
    rig.stage()
    if "growth" in wanted or not wanted:
        for size in rig.effort.sizes:
            rig.stage(size)


def _announce(wanted: Sequence[str], effort: Effort, rivals: bool, postgresql: bool) -> None:
    contestants = (7 if postgresql else 3) + (len(SERVERS) if rivals else 0)
    estimates = effort.seconds(contestants, len(WARM))
    minutes = sum(estimates[name] for name in wanted) / 60
    tell(f"{effort.name}: {', '.join(wanted) or 'stores only'}; about {minutes:.0f} minutes once the stores are there")


def _version(server: Postgres | None) -> str:
    return "not used" if server is None else asyncio.run(server.version())


def _errors(found: dict[str, Any]) -> int:
    """Wrong answers in a section; those to W5 are meant to be refusals, in whatever form."""
    wrong: int = sum(
        sample["errors"]
        for workload, contestants in found.get("rounds", {}).items()
        if workload != "W5"
        for samples in contestants.values()
        for sample in samples
    )
    return wrong + int(found.get("errors", 0))


def _write_page(content: dict[str, Any] | None, to_file: bool) -> None:
    if content is None:
        raise click.UsageError("Nothing was measured yet: run `python -m benchmarks` first.")
    page = report.page(content)
    click.echo(page)
    if to_file:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page)
        tell(f"written to {PAGE.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
