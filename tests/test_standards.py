"""docs/standards.md claims nothing without a trial that exists, and calls nothing judged that no other program reads."""

from __future__ import annotations

import re
from pathlib import Path

from tests.programs import PROGRAMS

ROOT = Path(__file__).parents[1]
ROWS = re.findall(
    r"^\| (.+?) \| (.+?) \| (.+?) \| \[.+?\]\((.+?)\) \|$", (ROOT / "docs/standards.md").read_text(), re.M
)
PYPI = ("standardwebhooks", "rdflib", "fideslang")
"""Judges that Python installs."""


def test_every_claim_has_a_trial_by_a_program_of_others() -> None:
    assert len(ROWS) > 10
    for standard, judge, _, trial in ROWS:
        path = ROOT / "docs" / trial
        assert path.is_file(), standard
        text = path.read_text("utf-8")
        if "*not run*" in judge:
            continue
        judged = f"{text}{(path.parent / 'vocabulary_check.py').read_text() if 'rdflib' in judge else ''}"
        assert "needs(" in judged or any(f"import {name}" in judged or f"from {name}" in judged for name in PYPI), (
            standard
        )


def test_every_program_of_the_trials_judges_something_or_serves_it() -> None:
    """`npm` and `node` run the judges of others, and a key of SSH proves an officer."""
    named = " ".join(judge for _, judge, _, _ in ROWS).lower()
    unnamed = {name for name in PROGRAMS if name not in named} - {"npm", "node", "ssh-keygen"}
    assert unnamed <= {"nginx", "haproxy", "promtool", "redis", "systemd-analyze", "kubectl"}, unnamed
