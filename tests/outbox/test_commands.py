"""`gateway webhooks` and `gateway outbox`: who is told, with a secret that is shown once, and what became of it."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.gateway.servers import typed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is there and empty."""
    made = tmp_path_factory.mktemp("webhooks")
    assert typed(["db", "upgrade"], made).returncode == 0
    return made


def test_a_system_is_added_shown_rotated_and_disabled(folder: Path) -> None:
    added = typed(["webhooks", "add", "crm", "https://crm.example/hook", "--event", "customer.erased"], folder)
    assert added.returncode == 0, added.stderr
    assert len(base64.b64decode(added.stdout.strip().removeprefix("whsec_"))) == 32
    listed = typed(["webhooks", "list"], folder).stdout
    assert "crm" in listed and "customer.erased" in listed and added.stdout.strip() not in listed
    rotated = typed(["webhooks", "rotate", "crm"], folder).stdout.strip()
    assert rotated.startswith("whsec_") and rotated != added.stdout.strip()
    assert typed(["webhooks", "disable", "crm"], folder).returncode == 0
    assert "disabled" in typed(["webhooks", "list"], folder).stdout
    assert typed(["outbox", "list"], folder).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "Bad Name", "https://x.example"], "small letters"),
        (["add", "far", "http://far.example/hook"], "https://"),
        (["add", "odd", "https://x.example", "--event", "nothing"], "no event"),
        (["rotate", "nobody"], "nobody"),
    ],
)
def test_mistakes_are_told_in_a_sentence(folder: Path, arguments: list[str], said: str) -> None:
    done = typed(["webhooks", *arguments], folder)
    assert done.returncode == 3 and said in done.stderr and "Traceback" not in done.stderr


def test_a_host_is_kept_as_dns_has_it(folder: Path) -> None:
    """S14: Python itself would look `faß.example` up as `fass.example`."""
    assert typed(["webhooks", "add", "sharp", "https://faß.example/hook"], folder).returncode == 0
    assert "https://xn--fa-hia.example/hook" in typed(["webhooks", "list"], folder).stdout
    register = ["affiliates", "register", "--country", "CH"]
    assert typed([*register, "Sharp Pay", "https://pay.faß.example/cards"], folder).returncode == 0
    assert "https://pay.xn--fa-hia.example/cards" in typed(["affiliates", "list"], folder).stdout
    for refused in (["webhooks", "add", "heart", "https://i❤.ws/"], [*register, "Heart Pay", "https://i❤.ws/"]):
        done = typed(refused, folder)
        assert done.returncode in (1, 3) and "names no host" in done.stderr and "Traceback" not in done.stderr


def test_every_event_is_listed(folder: Path) -> None:
    text = typed(["webhooks", "events"], folder).stdout
    assert "customer.erased" in text and "service.terminated" in text
