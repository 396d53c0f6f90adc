"""Letters by a mail server that others wrote: handed over with STARTTLS and a password, tried again, given up (S8)."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.servers import free_port
from tests.outbox.exim import exim
from tests.outbox.test_letters import certificate
from tests.programs import needs
from tests.signin.web import Browser, serving
from tests.stores import Databases

__all__ = ["certificate"]
pytestmark = needs("exim")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that Exim's own user may enter."""
    with tempfile.TemporaryDirectory(prefix="gateway-exim-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_link_to_a_new_password_arrives_and_works(
    databases: Databases, folder: Path, certificate: Path, tmp_path: Path
) -> None:
    """The mail server is away at first: the letter waits, and arrives once."""
    port, public = free_port(), folder / "server.pem"
    public.write_bytes(certificate.read_bytes())
    public.chmod(0o644)
    settings = {
        "GATEWAY_SMTP_HOST": "127.0.0.1",
        "GATEWAY_SMTP_PORT": str(port),
        "GATEWAY_SMTP_USER": "gateway",
        "GATEWAY_SMTP_PASSWORD": "s3cret",
        "GATEWAY_SMTP_FROM": "no-reply@shop.example",
        "SSL_CERT_FILE": str(public),
    }
    with serving("sqlite", databases, tmp_path, 1, **settings) as web:
        (person,) = web.add(1)
        browser = Browser(web.replicas[0].url)
        browser.get("/password/forgot")
        browser.send(login=person.login)
        time.sleep(3)
        with exim(folder / "exim", public, port) as server:
            (letter,) = server.wait_for(1, 120)
            assert letter["Envelope-To"] == letter["To"] == person.login
            assert "A=plain:gateway" in server.log() and "X=TLS1." in server.log()
            time.sleep(2)
            assert len(server.letters()) == 1
        found = re.search(r"https://\S+(/password/reset\?t=\S+)", letter.get_content())
        assert found is not None
        browser.get(found.group(1))
        assert browser.page is not None and browser.page.status_code == 200
        assert person.login not in web.log()
