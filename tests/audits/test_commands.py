"""The command line as scripts and auditors use it: exit codes, files, the five commands, and the page about them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.cli import gateway
from gateway.commands.audit.group import audit
from gateway.commands.ledger import ledger
from tests.audits.papers import EXAMPLE
from tests.audits.schemas import HOUSE, SMALL, changed
from tests.gateway.servers import ROOT, command

DOCS = (ROOT / "docs" / "audits.md").read_text("utf-8")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`gateway audit ...` in an empty folder, on the demo's store."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.graphql").write_text(SMALL, encoding="utf-8")
    (tmp_path / "controller.toml").write_text(EXAMPLE, encoding="utf-8")

    def run(*arguments: str, **settings: str) -> Result:
        environment = {"GATEWAY_DATA_DIR": str(demo_store), "COLUMNS": "100"} | settings
        return CliRunner().invoke(gateway, ["audit", *arguments], env=environment, catch_exceptions=False)

    return run


def test_the_five_commands_of_the_page(run: Run, tmp_path: Path) -> None:
    """An auditor with only the page: the papers are made as it says, and the ledger's commands are there."""
    section = DOCS[DOCS.index("## Five commands") : DOCS.index("## Every command")]
    lines = [line.partition("#")[0].split() for line in section.splitlines() if line.startswith("gateway ")]
    papers = [words[2:] for words in lines if words[1] == "audit"]
    assert len(lines) - len(papers) == 3
    assert {words[2] for words in lines if words[1] == "ledger"} <= ledger.commands.keys()
    for words in papers:
        output = words[-1]
        done = run(*(words[: words.index(">")] if ">" in words else words))
        assert done.exit_code == 0, done.output
        if ">" in words:
            Path(output).write_text(done.stdout, encoding="utf-8")
        text = Path(output).read_text("utf-8")
        assert "<script" not in text
        assert len(text) > 1000


def test_the_page_names_every_command_and_every_key(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d.graphql").write_text("{ grant { client } }")
    arguments = {
        "lint": [], "matrix": [], "notice": ["--controller", "controller.toml"],
        "record": ["--controller", "controller.toml"], "dpia": ["--controller", "controller.toml"], "export": [],
        "clients": [], "grants": [],
        "query": ["d.graphql", "--client", "billing"], "ledger": [], "refusals": [], "acts": [],
        "erasures": [], "use": ["Customer.fullName"], "consents": [], "papers": [],
        "breach": ["--client", "billing", "--from", "2026-11-28"],
    }  # fmt: skip
    assert arguments.keys() == audit.table.keys() - {"release"}, "which reports nothing"
    assert "`gateway audit release" in DOCS
    keys = json.loads(compared(str(ROOT / HOUSE), "--format", "json").stdout).keys()
    assert keys - {"schemaVersion", "report", "sources"} == documented_keys("diff")
    for name, more in arguments.items():
        assert f"`gateway audit {name}" in DOCS
        more = [str(ROOT / each) if each == HOUSE else each for each in more]
        keys = json.loads(run(name, *more, "--format", "json").stdout).keys()
        assert keys - {"schemaVersion", "report", "sources"} == documented_keys(name)


def test_every_help_has_examples_and_exit_codes() -> None:
    for name, each in audit.commands.items():
        assert each.help is not None
        assert f"gateway audit {name}" in each.help
        assert "Exit code" in each.help or name == "matrix"
        assert each.short_help is None
        for option in each.params:
            assert isinstance(option, click.Argument) or option.name in ("language", "period") or option.help


def test_lint_exit_codes(run: Run, tmp_path: Path) -> None:
    assert run("lint").exit_code == 0
    assert run("lint", "small.graphql").exit_code == 0
    Path("bad.graphql").write_text(changed("createdAt: String @purpose(allows: [INVOICING])", "createdAt: String"))
    done = run("lint", "bad.graphql")
    assert done.exit_code == 1
    assert re.search(r"^error {2}bad\.graphql:\d+:3 {2}undeclared$", done.stdout, re.M)
    Path("accept.toml").write_text(
        '[[accept]]\ncoordinate = "Customer.createdAt"\nchange = "undeclared"\nwho = "Dana"\nwhy = "known"\n'
    )
    assert run("lint", "bad.graphql", "--accept", "accept.toml").exit_code == 0
    done = run("lint", "small.graphql", "--accept", "accept.toml")
    assert "accepts undeclared of Customer.createdAt, which is not found" in done.stderr
    Path("mistyped.graphql").write_text(changed("createdAt: String", "createdAt: String @purposes"))
    assert run("lint", "mistyped.graphql").exit_code == 0
    assert run("lint", "mistyped.graphql", "--strict").exit_code == 1
    Path("broken.graphql").write_text("type A {\n  b String\n}")
    done = run("lint", "broken.graphql", "--format", "json")
    (found,) = json.loads(done.stdout)["findings"]
    assert (done.exit_code, found["check"], found["line"], found["column"]) == (1, "syntax", 2, 5)
    assert run("lint", "none.graphql").exit_code == 2
    done = CliRunner().invoke(gateway, ["audit", "lint", "-"], input=SMALL)
    assert done.exit_code == 0


def test_diff_exit_codes(run: Run) -> None:
    Path("new.graphql").write_text(changed("[INVOICING])\n    @", "[INVOICING, ERASURE])\n    @"))
    assert compared("small.graphql", "small.graphql").exit_code == 0
    done = compared("small.graphql", "new.graphql")
    assert done.exit_code == 1
    assert "EMAIL will be used to: Delete the customer's data" in done.stdout
    accept(done.stdout)
    assert tomllib.loads(Path("accept.toml").read_text())["accept"][0]["coordinate"] == "Customer.email"
    assert compared("small.graphql", "new.graphql", "--accept", "accept.toml").exit_code == 0
    Path("broken.graphql").write_text("type A {")
    for arguments in (("broken.graphql", "small.graphql"), ("small.graphql", "broken.graphql")):
        done = compared(*arguments)
        assert done.exit_code == 2, "of a broken schema nothing may be concluded, least of all that it tightens"
        assert "broken.graphql:1:" in done.stderr
    Path("undefined.graphql").write_text("type Query { a: Nothing }")
    done = compared("small.graphql", "undefined.graphql")
    assert (done.exit_code, done.stderr) == (
        2,
        "undefined.graphql: Query fields cannot be resolved. Unknown type: 'Nothing'.\n",
    )
    assert compared("git:HEAD:nothing.graphql").exit_code == 2


def test_what_breaks_clients_fails_the_diff_until_it_is_signed_off(run: Run) -> None:
    """A removed field and a purpose that is taken away tighten privacy, and break documents."""
    for name, old, new in (
        ("field", "  createdAt: String @purpose(allows: [INVOICING])\n", ""),
        ("purpose", "NAME) @purpose(allows: [INVOICING, EMERGENCY_CONTACT])", "NAME) @purpose(allows: [INVOICING])"),
    ):
        Path(f"{name}.graphql").write_text(changed(old, new))
        done = compared("small.graphql", f"{name}.graphql")
        assert done.exit_code == 1, name
        assert json.loads(compared("small.graphql", f"{name}.graphql", "--format", "json").stdout)["verdict"] == "ok"
        accept(done.stdout)
        assert compared("small.graphql", f"{name}.graphql", "--accept", "accept.toml").exit_code == 0
    Path("more.graphql").write_text(changed("  createdAt", "  since(zone: String): String\n  createdAt"))
    assert compared("more.graphql", "more.graphql", "--strict").exit_code == 0
    Path("argument.graphql").write_text(
        Path("more.graphql").read_text().replace("zone: String", "zone: String, n: Int")
    )
    assert compared("more.graphql", "argument.graphql").exit_code == 0
    assert compared("more.graphql", "argument.graphql", "--strict").exit_code == 1, "dangerous"


def documented_keys(report: str) -> set[str]:
    """The keys of a report, by the page."""
    (line,) = re.findall(rf"^\| (`.*`) \| {report} \|", DOCS, re.M)
    return set(re.findall(r"`(\w+)`", line))


def compared(*arguments: str) -> Result:
    """`gateway schema diff`."""
    return CliRunner().invoke(gateway, ["schema", "diff", *arguments])


def accept(report: str) -> None:
    """Fill in what a report proposes, into `accept.toml`."""
    template = re.search(r"    (\[\[accept\]\].*?)\n\n(?! *\[)", report, re.S)
    assert template is not None
    filled = re.sub(r'^(who|why) = ""', r'\1 = "x"', re.sub(r"^    ", "", template.group(0), flags=re.M), flags=re.M)
    Path("accept.toml").write_text(filled)


def test_the_form_follows_the_name_of_the_file(run: Run) -> None:
    for name, begins in (
        ("m.json", "{"), ("m.md", "# "), ("m.csv", "Field,"), ("m.html", "<!doctype html>"), ("m.txt", "Fields and"),
    ):  # fmt: skip
        done = run("matrix", "small.graphql", "-o", name)
        assert (done.exit_code, done.stdout) == (0, "")
        assert Path(name).read_text("utf-8").startswith(begins)
    assert run("lint", "small.graphql", "-o", "l.sarif").exit_code == 0
    assert json.loads(Path("l.sarif").read_text())["version"] == "2.1.0"
    assert run("matrix", "small.graphql", "-o", "no/such/folder.html").exit_code == 2


def test_a_misspelt_filter_is_no_empty_matrix(run: Run) -> None:
    done = run("matrix", "--purpose", "INVOICNG")
    assert (done.exit_code, "Did you mean INVOICING?" in done.stderr) == (2, True)
    assert run("matrix", "--category", "EMAIL", "--type", "Customer").exit_code == 0


def test_papers_need_the_controller(run: Run) -> None:
    for name in ("notice", "record"):
        assert run(name).exit_code == 2
        Path("empty.toml").write_text("")
        done = run(name, "--controller", "empty.toml")
        assert done.exit_code == 2
        assert "controller.name: the controller's registered name (Art. 13(1)(a), 30(1)(a))" in done.stderr
    assert run("notice", "--example").stdout == EXAMPLE
    done = run("notice", "--controller", "controller.toml", "--language", "fr")
    assert "Protection des données personnelles" in done.stdout
    assert done.stderr.startswith("Note: a draft. No notice was released yet")
    Path("bad.graphql").write_text(changed("createdAt: String @purpose(allows: [INVOICING])", "createdAt: String"))
    for name in ("notice", "record", "export"):
        done = run(name, "bad.graphql", "--controller", "controller.toml")
        assert (done.exit_code, done.stdout) == (1, ""), "what a schema leaves open nobody can promise"
        assert "gateway audit lint bad.graphql" in done.stderr
    for form in ("fideslang", "dpv"):
        assert run("export", "--format", form).exit_code == 2
        assert json.loads(run("export", "--format", form, "--controller", "controller.toml").stdout)


def test_clients_and_query_find_what_does_not_fit(run: Run) -> None:
    assert run("clients").exit_code == 0
    assert run("clients", "--client", "nobody").exit_code == 2
    assert run("clients", "--unused", "90", "--strict").exit_code in (0, 1)
    Path("bad.graphql").write_text("{ customers { nodes { phone } } }")
    done = run("query", "bad.graphql", "--client", "billing", "--format", "csv")
    assert done.exit_code == 1
    assert "Customer.phone,refused,,PURPOSE_NOT_ALLOWED" in done.stdout
    assert run("query", "bad.graphql", "--client", "nobody").exit_code == 2
    assert run("query", "none.graphql", "--client", "billing").exit_code == 2


def test_a_store_that_is_not_there_exits_3(run: Run, tmp_path: Path) -> None:
    for name in ("clients", "ledger", "refusals", "acts", "erasures", "consents"):
        done = run(name, GATEWAY_DATA_DIR=str(tmp_path / "nowhere"))
        assert done.exit_code == 3, name
        assert "gateway db upgrade" in done.stderr
    assert run("ledger", GATEWAY_DATABASE_URL="mysql://x").exit_code == 2


def test_no_report_from_the_store_names_a_customer(run: Run) -> None:
    """D1: names, addresses and numbers of the demo's people appear in none of them."""
    for name in ("clients", "ledger", "refusals", "acts", "erasures", "consents"):
        text = run(name, "--format", "json").stdout + run(name).stdout
        assert "amelie" not in text.lower()
        assert "fontaine" not in text.lower()
        assert "@example" not in text


def test_as_a_program(tmp_path: Path) -> None:
    """A process of its own: warnings are errors there, and nothing but the report is on stdout."""
    done = command(["audit", "lint", "--format", "json"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["clean"] is True
