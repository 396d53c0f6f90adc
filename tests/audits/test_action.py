"""The action for pull requests: its script in a real git repository, its inputs, and its SARIF with file and line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audits.schemas import SMALL
from tests.gateway.servers import ROOT

ACTION = (ROOT / "action.yml").read_text("utf-8")
SCRIPT = ROOT / "tools" / "privacy-audit"
FILE = "api/schema.graphql"
LOOSER = SMALL.replace("allows: [", "allows: [PRODUCT_NEWS, ", 1)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose first commit has the small schema."""
    home = tmp_path / "theirs"
    (home / "api").mkdir(parents=True)
    (home / FILE).write_text(SMALL, encoding="utf-8")
    identity = ("-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q", "-b", "main"), ("add", "."), (*identity, "commit", "-qm", "Begin")):
        subprocess.run(["git", *arguments], cwd=home, check=True)
    return home


def audited(home: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """What the action's last step does."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPT)],
        cwd=home,
        env={"PATH": path, "SCHEMA": FILE} | inputs,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def results(home: Path, name: str) -> list[tuple[str, str, int]]:
    """Rule, file and line of each result."""
    found = json.loads((home / "privacy-audit" / name).read_text("utf-8"))["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in found]
    return [
        (each["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"])
        for each, place in zip(found, places, strict=True)
    ]


def test_nothing_changed_passes(repository: Path) -> None:
    done = audited(repository, BASE="main")
    assert done.returncode == 0, done.stderr
    assert results(repository, "diff.sarif") == []


def test_what_loosens_fails_until_it_is_signed_off(repository: Path) -> None:
    assert LOOSER != SMALL
    (repository / FILE).write_text(LOOSER, encoding="utf-8")
    summary = repository / "summary.md"
    done = audited(repository, BASE="main", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 1, done.stderr
    ((rule, file, line),) = [each for each in results(repository, "diff.sarif") if each[0] == "purpose-added"]
    assert (rule, file) == ("purpose-added", FILE)
    coordinate = re.search(r"`?(\w+\.\w+)`?", (repository / "privacy-audit" / "diff.md").read_text("utf-8"))
    assert coordinate and "PRODUCT_NEWS" in LOOSER.splitlines()[line - 1]
    assert "PRODUCT_NEWS" in summary.read_text("utf-8")


def test_a_removed_field_fails_until_it_is_signed_off(repository: Path) -> None:
    (repository / FILE).write_text(
        SMALL.replace("  createdAt: String @purpose(allows: [INVOICING])\n", ""), encoding="utf-8"
    )
    done = audited(repository, BASE="main")
    assert done.returncode == 1, done.stderr
    line = 1 + SMALL[: SMALL.index("createdAt")].count("\n")
    assert ("clients/field-removed", FILE, line) in results(repository, "diff.sarif")
    sign_off = '[[accept]]\ncoordinate = "Customer.createdAt"\nchange = "field-removed"\nwho = "Dana"\nwhy = "unread"\n'
    (repository / "accept.toml").write_text(sign_off, encoding="utf-8")
    assert audited(repository, BASE="main", ACCEPT="accept.toml").returncode == 0


def test_a_broken_schema_and_one_that_is_not_there(repository: Path) -> None:
    (repository / FILE).write_text("type Query { me User }", encoding="utf-8")
    assert audited(repository).returncode == 1
    assert results(repository, "lint.sarif") == [("syntax", FILE, 1)]
    assert audited(repository, SCHEMA="none.graphql").returncode == 2


def test_an_absolute_path_is_told_relative_to_the_repository(repository: Path) -> None:
    (repository / FILE).write_text("type Query { me User }", encoding="utf-8")
    audited(repository, SCHEMA=str(repository / FILE))
    assert results(repository, "lint.sarif") == [("syntax", FILE, 1)]


def test_a_schema_that_is_new_has_nothing_to_be_compared_with(repository: Path) -> None:
    (repository / "new.graphql").write_text(SMALL, encoding="utf-8")
    done = audited(repository, SCHEMA="new.graphql", BASE="main")
    assert (done.returncode, (repository / "privacy-audit" / "diff.sarif").exists()) == (0, False)
    assert "nothing to compare with" in done.stderr


def test_the_action_gives_the_script_what_it_reads() -> None:
    head = SCRIPT.read_text("utf-8").splitlines()[2]
    given = set(re.findall(r"^ +([A-Z_]+): \$\{\{ inputs\.", ACTION, re.M))
    assert given == set(re.findall(r"[A-Z_]{4,}", head))
    named = set(re.findall(r"inputs\.([a-z-]+)", ACTION))
    assert named == set(re.findall(r"^  ([a-z-]+):$", ACTION.partition("runs:")[0].partition("inputs:")[2], re.M))
    assert 'bash "$GITHUB_ACTION_PATH/tools/privacy-audit"' in ACTION
    assert os.access(SCRIPT, os.X_OK)
