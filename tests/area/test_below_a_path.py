"""The client area below a path of another site, behind nginx: a customer signs in, changes something, and signs out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from tests.gateway.browser import browser
from tests.gateway.servers import free_port, running
from tests.programs import needs, program
from tests.signin.test_browser import fill
from tests.signin.test_pages import now_code

pytestmark = needs("chromium", "nginx")

SITE = """
pid {folder}/pid; error_log stderr; daemon off; master_process off; events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type text/html; return 200 "<!doctype html><title>The shop</title><p>The shop"; }}
    location /account {{ proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host; }}
    location /.well-known/oauth-authorization-server/account {{ proxy_pass http://127.0.0.1:{behind}; }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, behind: int) -> Iterator[None]:
    """In front of the gateway, with a site of its own at the root."""
    file = folder / "nginx.conf"
    file.write_text(SITE.format(folder=folder, port=port, behind=behind), encoding="utf-8")
    with subprocess.Popen([program("nginx"), "-c", str(file), "-p", str(folder)]) as process:
        try:
            yield
        finally:
            process.terminate()


def test_a_customer_signs_in_below_a_path(tmp_path: Path) -> None:
    port = free_port()
    issuer = f"http://localhost:{port}/account"
    with (
        running(["-m", "gateway", "demo"], tmp_path, GATEWAY_ISSUER=issuer) as server,
        nginx(tmp_path, port, server.port),
    ):
        where = f"http://localhost:{port}/.well-known/oauth-authorization-server/account"
        assert httpx.get(where, timeout=120).json()["issuer"] == issuer
        with browser(tmp_path / "browser") as page:
            page.open(f"{issuer}/?lang=en")
            page.until("document.body.dataset.ready")
            page.click("#sign-in")
            page.until("document.getElementById('login')")
            fill(page, "login", FEATURED)
            fill(page, "password", demo_password(FEATURED, "CLIENT_AREA"))
            page.click("main form button[type=submit]")
            page.until("document.getElementById('code')")
            fill(page, "code", now_code(demo_totp_secret(0, "CLIENT_AREA")))
            page.click("main form button[type=submit]")
            page.until("document.getElementById('profile-form')")
            page.evaluate("location.hash = '#readers'")
            page.until("document.querySelector('.view.readers') && !document.querySelector('[aria-busy]')")
            page.click("footer #privacy")
            page.until("location.pathname === '/account/privacy'")
            page.open(f"{issuer}/security")
            page.until("document.querySelector('form[action=\"/account/security/codes\"]')")
            page.open(f"{issuer}/sign-out")
            page.click("main form button[type=submit]")
            page.until("document.querySelector('a[href^=\"/account/sign-in\"]')")
            asked = {urlsplit(each).path for each in page.requested if each.startswith("http")}
            assert {each for each in asked if not each.startswith("/account/")} <= {"/favicon.ico"}
            # The first proof of a page learns the nonce (RFC 9449 §8); nothing else may go wrong.
            assert {each for each in page.complaints if "/account/oauth/token" not in each} == set()
