"""The scope of a breach from real ledgers of both kinds: complete, proven, without a name, and in flat memory."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from markupsafe import escape
from sqlalchemy import insert

from audits.breach.incident import TEXTS, Incident, read_incident
from audits.breach.letters import BreachLetters
from audits.breach.notification import NotifiedClient, notification
from audits.breach.persons import ConcernedPersons
from audits.breach.report import breach_report
from audits.breach.scope import BreachScope, breach_scope
from audits.forms.forms import FORMS
from audits.schema.sources import Text, UnreadableError
from gateway.cli import gateway
from gateway.commands.audit.breach import _leave_persons
from policy.breaches import NotificationClock
from policy.purposes import Purpose
from resolvers.reads.recording import read_entry
from store.database.config import StoreConfig
from store.ledger.entries import canonical, ledger_entries
from store.ledger.proof_files import check_proofs
from store.merkle.signed_note import NoteInvalidError
from store.sql.engines import transaction
from tests.audits.papers import EXAMPLE, OURS, controller
from tests.ledger.logs import NAMES, Log, opened_log

pytestmark = pytest.mark.anyio
BEGIN = datetime(2026, 11, 28, tzinfo=UTC)
END = datetime(2026, 11, 30, tzinfo=UTC)
CATEGORIES = {fact.coordinate: fact.category for fact in OURS.outputs}
INCIDENT = Path(__file__).parents[2] / "audits" / "data" / "breach.example.toml"
HOUR = timedelta(hours=1)


@pytest.fixture
async def log(store_config: StoreConfig) -> AsyncIterator[Log]:
    """An empty ledger with its sealer."""
    async with opened_log(store_config) as opened:
        yield opened


async def read(
    log: Log,
    client: str,
    at: datetime,
    subjects: tuple[str, ...] = NAMES[:1],
    fields: tuple[str, ...] = ("Customer.email",),
    purpose: Purpose = Purpose.SERVICE_COMMUNICATION,
) -> None:
    """One reading, recorded as the API records it, at this moment."""
    entry = canonical(read_entry(client, purpose, None, "0" * 64, list(fields), subjects, at))
    async with transaction(log.tree.engine) as connection:
        await connection.execute(insert(ledger_entries).values(entry=entry, at=at))


async def scope_of(log: Log, persons: ConcernedPersons, client: str = "crm") -> tuple[BreachScope, bytes]:
    """The scope and the proofs."""
    lines: list[bytes] = []
    scope = await breach_scope(log.tree.reader, client, BEGIN, END, persons, lines.append)
    return scope, b"".join(lines)


async def test_it_finds_exactly_what_the_client_read_in_the_period(log: Log) -> None:
    """Whoever else read, or when else, is no part of it; numbers that disagree with the times change nothing."""
    both = ("Customer.email", "Customer.fullName")
    await read(log, "crm", END)  # Before the period begins, by number: clocks of two gateways differ.
    await read(log, "crm", BEGIN, NAMES[:2])
    await read(log, "billing", BEGIN + HOUR, NAMES[4:6])
    await read(log, "crm", BEGIN - HOUR, NAMES[6:7])
    await read(log, "crm-2", BEGIN + HOUR, NAMES[7:8])
    await read(log, "crm", BEGIN + HOUR, NAMES[1:3], ("Query.customers", *both), Purpose.PERSONALISE_COMMUNICATION)
    await read(log, "crm", END - timedelta(seconds=1), NAMES[1:2])
    await read(log, "billing", END + HOUR)
    await log.sealer.seal_all()
    with ConcernedPersons() as persons:
        scope, _ = await scope_of(log, persons)
        concerned = scope.sum_up(persons, CATEGORIES)
        found = {each.pseudonym: each for each in persons}
    assert found.keys() == set(NAMES[:3])
    assert (scope.operations, scope.persons, scope.records, scope.proven, scope.unsigned) == (3, 3, 5, 3, 0)
    person = found[NAMES[1]]
    assert (person.readings, person.fields) == (3, both)
    assert person.purposes == ("PERSONALISE_COMMUNICATION", "SERVICE_COMMUNICATION")
    assert (person.first, person.last) == (int(BEGIN.timestamp()), int(END.timestamp()) - 1)
    assert concerned == {"EMAIL": 3, "NAME": 2}
    assert scope.fields["Customer.fullName"].persons == 2
    assert scope.purposes == {"SERVICE_COMMUNICATION": 2, "PERSONALISE_COMMUNICATION": 1}


async def test_proofs_are_verified_with_the_public_key_alone(log: Log) -> None:
    """And one altered letter is found; what no checkpoint covers is counted, and not proven."""
    for number in range(5):
        await read(log, "crm", BEGIN + number * HOUR, NAMES[number : number + 1])
    await log.sealer.seal_all()
    await read(log, "crm", END - HOUR)
    with ConcernedPersons() as persons:
        scope, proofs = await scope_of(log, persons)
    assert (scope.operations, scope.proven, scope.unsigned) == (6, 5, 1)
    keys = await log.trusted()
    report = check_proofs(proofs.splitlines(keepends=True), keys)
    assert (report.proven, report.findings) == (5, [])
    forged = proofs.replace(NAMES[2].encode(), NAMES[3].encode())
    report = check_proofs(forged.splitlines(keepends=True), keys)
    assert (report.proven, report.findings) == (4, ["Entry 2 is not as it was signed."])
    with pytest.raises(NoteInvalidError):
        check_proofs([b'{"format":"gateway-ledger-proofs-1"}\n'], keys)


async def test_an_entry_that_was_changed_is_a_finding(log: Log) -> None:
    await read(log, "crm", BEGIN, NAMES[:1])
    await log.sealer.seal_all()
    other = canonical(read_entry("crm", Purpose.INVOICING, None, "0" * 64, ["Customer.email"], NAMES[1:2], BEGIN))
    drop = (
        "DROP TRIGGER ledger_entries_UPDATE"
        if log.tree.engine.dialect.name == "sqlite"
        else "DROP TRIGGER ledger_entries_update ON ledger_entries"
    )
    await log.run(drop)
    async with transaction(log.tree.engine) as connection:
        await connection.execute(ledger_entries.update().values(entry=other))
    with ConcernedPersons() as persons:
        scope, proofs = await scope_of(log, persons)
    assert [each.message for each in scope.findings] == ["Entry 0 of the ledger is not as it was signed."]
    assert scope.proven == 0
    assert len(proofs.splitlines()) == 1


async def test_report_form_and_letters_say_the_same_in_both_languages(log: Log, tmp_path: Path) -> None:
    await read(log, "crm", BEGIN, NAMES[:2])
    await read(log, "crm", BEGIN + HOUR, NAMES[:1], ("Customer.phone", "Gone.field"))
    await log.sealer.seal_all()
    incident, own = read_incident(Text("breach.toml", INCIDENT.read_text("utf-8"))), controller(EXAMPLE)
    client = NotifiedClient("crm", "CRM", END)
    assert incident.aware is not None
    clock = NotificationClock(incident.aware)
    now = incident.aware + 50 * HOUR
    with ConcernedPersons() as persons:
        scope, _ = await scope_of(log, persons)
        concerned = scope.sum_up(persons, CATEGORIES)
        report = breach_report(scope, concerned, CATEGORIES, [], clock, now)
        for form in FORMS.values():
            assert not [name for name in NAMES if name in form(report)], "the report names nobody"
        assert (report.data["hoursLeft"], report.data["persons"]) == (22, 2)
        assert "not in this schema" in FORMS["table"](report)
        _leave_persons(tmp_path, persons, CATEGORIES)
        letters = BreachLetters(incident, own, CATEGORIES)
        person = next(iter(persons))
        english, french = letters.write(person, "en"), letters.write(person, "fr")
    rows = list(csv.DictReader((tmp_path / "persons.csv").read_text("utf-8").splitlines()))
    assert [row["person"] for row in rows] == sorted(NAMES[:2])
    assert (tmp_path / "persons.csv").stat().st_mode & 0o077 == 0
    for text, language, words in ((english, "en", "A telephone number."), (french, "fr", "téléphone")):
        assert all(str(incident.text(part, language)) in text for part in TEXTS)
        assert words in text and person.pseudonym in text and own.dpo.email in text
    for language, words in (("en", "locked out since"), ("fr", "bloqué depuis")):
        form = FORMS["html"](notification(scope, concerned, incident, own, client, clock, now, language))
        assert words in form and str(escape(incident.text("nature", language))) in form
    # Nothing is invented: what is not known follows, and a late notification lacks its reasons.
    bare = notification(scope, concerned, Incident(), own, client, clock, clock.due + HOUR, "en")
    text = FORMS["markdown"](bare)
    assert text.count("Not known yet") == 3
    assert "its reasons are missing" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("aware = 2026-11-30T09:00:00", "a moment with its zone"),
        ("cause = 'x'", "`cause` is no part of it"),
        ("[nature]\nxx = 'x'", "a language without a catalogue: xx"),
        ("measures = 3", "`measures` is a text"),
        ("aware = ", "breach.toml"),
    ],
)
def test_a_wrong_incident_file_is_refused_with_what_to_mend(text: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        read_incident(Text("breach.toml", text))


def test_the_clock_counts_72_hours_and_below_zero() -> None:
    clock = NotificationClock(BEGIN)
    assert clock.due == BEGIN + timedelta(days=3)
    assert [clock.hours_left(BEGIN + hours * HOUR) for hours in (0, 71, 72, 73)] == [72, 1, 0, -1]


async def test_memory_does_not_grow_with_the_ledger(log: Log) -> None:
    """Ten times the entries and persons take less than half as much memory again."""

    async def peak() -> int:
        tracemalloc.start()
        with ConcernedPersons() as persons:
            scope = await breach_scope(log.tree.reader, "crm", BEGIN, END, persons, len)
            assert scope.sum_up(persons, CATEGORIES)
            assert scope.persons == scope.operations
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    async def grow(first: int, count: int) -> None:
        rows = [
            {
                "entry": canonical(read_entry("crm", None, None, "0", ["Customer.email"], [f"{n:022}"], BEGIN)),
                "at": BEGIN,
            }
            for n in range(first, first + count)
        ]
        async with transaction(log.tree.engine) as connection:
            await connection.execute(insert(ledger_entries), rows)

    await grow(0, 3_000)
    await log.sealer.seal_all()
    small = await peak()
    await grow(3_000, 27_000)
    await log.sealer.seal_all()
    assert await peak() < small * 1.5


def test_the_command_writes_everything_and_overwrites_nothing(demo_store: Path, tmp_path: Path) -> None:
    """On the demo's store, in which nobody read: an empty scope is told, and a misspelt client is not."""
    (tmp_path / "controller.toml").write_text(EXAMPLE, encoding="utf-8")

    def run(*more: str) -> tuple[int, str]:
        environment = {"GATEWAY_DATA_DIR": str(demo_store), "COLUMNS": "100"}
        given = ["audit", "breach", "--client", "billing", "--from", "2026-11-28", *more]
        done = CliRunner().invoke(gateway, given, env=environment, catch_exceptions=False)
        return done.exit_code, done.output

    files = tmp_path / "breach"
    options = ("--controller", str(tmp_path / "controller.toml"), "--incident", str(INCIDENT), "--files", str(files))
    code, output = run(*options)
    assert code == 0, output
    assert "Notify the authority by" in output
    assert {each.name for each in files.iterdir()} >= {
        "persons.csv", "notification.en.html", "notification.fr.html", "proofs.ndjson",
    }  # fmt: skip
    assert files.stat().st_mode & 0o077 == 0
    code, output = run(*options)
    assert (code, "is there already" in output) == (2, True)
    code, output = run("--to", "2026-11-27")
    assert (code, "--from is not before --to" in output) == (2, True)
    code, output = run("--client", "biling")
    assert (code, "There is no client biling" in output) == (2, True)
