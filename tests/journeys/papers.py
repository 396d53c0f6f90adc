"""What was signed of an erasure, held against what everybody else saw of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from policy.erasing import STEPS
from tests.gateway.servers import ROOT
from tests.journeys.erasing import Erasing
from tests.journeys.life import P
from tests.journeys.works import until
from workers.certificates.certificates import digest

SECOND = timedelta(seconds=1)
"""What rests of a moment are whole seconds."""
SOON = timedelta(seconds=10)
"""In which one process notes what another one saw, on a busy machine."""


class Story(Erasing):
    """And what was signed of it."""

    def verify(self) -> None:
        """With the public key alone, where there is neither a store nor a setting; then against what others saw."""
        folder = self.works.folder / "auditor"
        folder.mkdir()
        (folder / "ledger.pub").write_text(self.works.get("/ledger/public-key").text.splitlines()[0] + "\n")
        (folder / "certificate.txt").write_text(self.certificate)
        (folder / "recipients.txt").write_text(self.statement)
        until("the ledger has both", lambda: self._exported(folder / "ledger.ndjson"))
        alone(folder, "erasures", "verify", "certificate.txt", "recipients.txt", "--key", "ledger.pub")
        assert "VERIFIED" in alone(folder, "ledger", "verify", "ledger.ndjson", "--key", "ledger.pub")
        self.ledger = (folder / "ledger.ndjson").read_text()
        certificate, statement = facts_of(self.certificate), facts_of(self.statement)
        self.compare_steps(certificate)
        self.compare_recipients(certificate, statement)
        self.compare_ledger(certificate, statement)

    def _exported(self, target: Path) -> bool:
        self.run("ledger", "export", str(target))
        return all(digest(note) in target.read_text() for note in (self.certificate, self.statement))

    def compare_steps(self, said: dict[str, Any]) -> None:
        """In the order in which they happened, each no earlier than what had to come first."""
        at = {each["step"]: each["doneAt"] for each in said["steps"]}
        assert list(at) == [step.name for step in STEPS[:-1]] and list(at.values()) == sorted(at.values())
        assert near(said["requestedAt"], self.requested) and said["dueAt"] == self.due
        assert self.began - SECOND <= at["TOKENS"] and at["ROWS"] < self.dumped - timedelta(hours=1)
        assert self.dumped - SECOND <= at["FILES"] == said["filesAt"] == said["finishedAt"] <= said["signedAt"]
        assert said["inTime"] and said["keyFingerprint"] == self.mark
        assert said["lastLetter"]["state"] == "WAITS" and said["lastLetter"]["at"] <= at["KEY"]
        (last,) = [each for each in self.works.letters(P["email"]) if each["at"] > self.dumped]
        assert said["signedAt"] < last["at"] and last["at"] >= self.dumped + timedelta(days=2)
        places = {each["place"] for each in said["beyondReach"]}
        assert ("WRITE_AHEAD_LOG" in places) == ("GATEWAY_DATABASE_URL" in self.works.estate.settings)

    def compare_recipients(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        """The certificate says how far each was when it was signed, and the statement what became of them."""
        signed = first["signedAt"]
        then, later = ({each["name"]: each for each in said["recipients"]} for said in (first, second))
        assert then.keys() == later.keys() == {"Quarkpay", "Printers", "AFNIC", "billing", "shop", "support"}
        states = {name: each["state"] for name, each in then.items()}
        assert states == dict.fromkeys(states, "LISTED") | {"Printers": "ACKNOWLEDGED", "shop": "SENT"}
        (took,) = self.works.partner.told("customer.erase")
        for said in (then["Printers"], later["Printers"]):
            assert (said["method"], said["tries"], said["answer"]) == ("WEBHOOK", 1, "ERASED")
            assert near(said["sentAt"], took["at"]) and near(said["answeredAt"], took["at"]) and said["sentAt"] < signed
        *refusals, erased = self.works.affiliate.told("customer.erase")
        before = [each for each in refusals if each["at"] < signed]
        assert {each["status"] for each in refusals} == {503} and erased["status"] == 204
        assert then["Quarkpay"]["tries"] in (len(before), len(before) - 1) and then["Quarkpay"]["sentAt"] is None
        assert near(later["Quarkpay"]["answeredAt"], erased["at"]) and later["Quarkpay"]["answer"] == "ERASED"
        assert later["Quarkpay"]["tries"] == len(refusals) + 1
        (letter,) = self.works.letters("privacy@support.example", "erase your copy")
        assert then["support"]["tries"] and then["support"]["sentAt"] is None and letter["at"] > signed
        assert near(later["support"]["sentAt"], letter["at"]) and near(later["support"]["answeredAt"], self.answered)
        assert [later[name]["state"] for name in ("AFNIC", "shop", "billing")] == ["REFUSED", "GIVEN_UP", "LISTED"]
        assert (later["AFNIC"]["method"], later["billing"]["keepsDays"]) == ("LETTER", 0)
        for whole in (first, second):
            for said in whole["recipients"]:
                moments = [said[name] for name in ("listedAt", "sentAt", "answeredAt", "givenUpAt") if said[name]]
                assert moments == sorted(moments) and moments[-1] <= whole["signedAt"], said
        assert second["certificate"] == digest(self.certificate)

    def compare_ledger(self, *signed: dict[str, Any]) -> None:
        """It has the hash of each, in this order, at the time at which each says that it was signed."""
        entries = [json.loads(line).get("entry", {}) for line in self.ledger.splitlines()]
        marks = [digest(self.certificate), digest(self.statement)]
        found = [each for each in entries if each.get("operation") in marks]
        assert [each["operation"] for each in found] == marks
        for entry, said in zip(found, signed, strict=True):
            assert near(datetime.fromtimestamp(entry["at"], UTC), said["signedAt"])
        assert any(each.get("key") == self.mark for each in entries)


def near(told: datetime, seen: datetime) -> bool:
    """Whether we tell of what somebody else saw: not before they did, in whole seconds, and soon afterwards."""
    return seen.replace(microsecond=0) <= told <= seen + SOON


def facts_of(note: str) -> dict[str, Any]:
    """What a signed note says, its moments as such; whether it is signed, `gateway erasures verify` told."""
    return _moments(json.loads(note.splitlines()[1]))


def _moments(said: Any) -> Any:
    if isinstance(said, list):
        return [_moments(each) for each in said]
    if not isinstance(said, dict):
        return said
    timed = {name: (name == "at" or name.endswith("At")) and isinstance(value, str) for name, value in said.items()}
    return {
        name: datetime.fromisoformat(value) if timed[name] else _moments(value) for name, value in said.items()
    }  # fmt: skip


def alone(folder: Path, *command: str) -> str:
    """What `gateway` prints in a process that knows nothing of any store; it must succeed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", *command], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
