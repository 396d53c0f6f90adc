"""Behind webmail: Debian's dovecot opens a mailbox with an access token, and never with a password (RFC 7628)."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import insert, select

from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.lookups.reservations import LookupRequest, reserving
from store.sql.ids import new_id
from store.tables.credentials import credentials
from store.tables.customers import customers
from tests.gateway.servers import free_port
from tests.oauth.relying import Relying
from tests.programs import needs, program

SCOPE = "openid services:write"
WHO = {"platform": "WEBMAIL"}

CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
auth_debug = yes
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
first_valid_gid = 0
auth_failure_delay = 0
auth_mechanisms = oauthbearer xoauth2
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
"""
OAUTH2 = """
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
scope = services:write
"""


@contextmanager
def dovecot(folder: Path, url: str) -> Iterator[int]:
    """A mail server of this test's own, on a port of this machine."""
    # Its processes that read the network do not run as root: then as the users that Debian's package has made for them.
    me = pwd.getpwuid(os.getuid())
    root = me.pw_uid == 0
    user = pwd.getpwnam("dovecot") if root else me
    port, group = free_port(), grp.getgrgid(user.pw_gid).gr_name
    facts = {"folder": folder, "port": port, "user": user.pw_name, "group": group, "uid": user.pw_uid}
    facts |= {"gid": user.pw_gid, "login": "dovenull" if root else me.pw_name}
    folder.chmod(0o755)  # The mail server's users have to pass.
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(**facts))
    (folder / "oauth2.conf").write_text(OAUTH2.format(url=url))
    (folder / "mail").mkdir()
    os.chown(folder / "mail", user.pw_uid, user.pw_gid)
    process = subprocess.Popen([program("dovecot"), "-F", "-c", str(folder / "dovecot.conf")])
    try:
        until = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < until, (folder / "dovecot.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(60)


async def webmail_credential(store: Store, customer_id: int) -> str:
    """The sign-in of webmail under the customer's own address; returns the login name."""
    (key,) = await store.keys.subjects([customer_id])
    assert key is not None
    async with reserving(store) as reserved, store.write() as connection:
        sealed = await connection.scalar(select(customers.c.email).where(customers.c.id == customer_id))
        assert sealed is not None
        email, id_ = key.open(customers.c.email, customer_id, sealed).decode(), new_id()
        index = store.keys.blind_index(Lookup.LOGIN, email)
        wanted = LookupRequest(Lookup.LOGIN, index, customer_id, id_, "WEBMAIL")
        await reserved.take(connection, [wanted], now=datetime.now(UTC))
        name = key.seal(credentials.c.login_name, id_, email.encode())
        row: dict[str, Any] = {"id": id_, "customer_id": customer_id, "platform": "WEBMAIL", "login_name": name}
        row |= {"login_ref": wanted.ref, "password_hash": None, "changed_at": datetime.now(UTC), "strength": None}
        await connection.execute(insert(credentials), row)
        await reserved.written(connection)
    return email


@pytest.fixture(scope="module")
def logins() -> dict[str, str]:
    return {}


@pytest.fixture
def login(rp: Relying, logins: dict[str, str]) -> str:
    """The webmail login of the sixth customer."""
    if rp.site.kind not in logins:
        logins[rp.site.kind] = rp.site.on_store(lambda store: webmail_credential(store, rp.site.customers[5]))
    return logins[rp.site.kind]


def token(rp: Relying, client: str = "mail", customer: int = 5, **more: str) -> str:
    """An access token of a webmail user."""
    tokens = rp.tokens(client, rp.signed_in(customer, **WHO), **({"scope": SCOPE} | more))
    text: str = tokens["access_token"]
    return text


def test_a_mail_server_learns_whose_mailbox_a_token_opens(rp: Relying, login: str) -> None:
    said = rp.introspect(token(rp), "imap")
    assert (said["active"], said["username"]) == (True, login)
    assert "username" not in rp.introspect(token(rp), "resource"), "not without the purpose"
    assert "username" not in rp.introspect(token(rp, customer=0), "imap"), "this customer has no webmail"


def test_a_token_of_another_platform_opens_no_mailbox(rp: Relying, login: str) -> None:
    """R38: although the client area's login name is the same address."""
    own = rp.tokens(who=rp.signed_in(5))["access_token"]
    said = rp.introspect(own, "imap")
    assert said["active"] is True and "username" not in said
    assert "username" not in rp.introspect(rp.own_token(), "imap")


@needs("dovecot")
def test_dovecot_opens_the_mailbox_of_a_token_and_no_other(rp: Relying, login: str) -> None:
    """RFC 7628: the token is verified by introspection each time; a wrong user, scope or token is refused."""
    secret = rp.site.secrets["imap"]
    good, narrow = token(rp), token(rp, scope="openid")
    revoked = token(rp)
    rp.post("/oauth/revoke", {"token": revoked, "client_id": "mail"})
    address = rp.url("/oauth/introspect").replace("://", f"://imap:{secret}@")
    with TemporaryDirectory(dir="/tmp") as folder, dovecot(Path(folder), address) as port:
        with imaplib.IMAP4("127.0.0.1", port, timeout=30) as imap:
            imap.authenticate("OAUTHBEARER", partial(said, bearer(login, good)))
            assert imap.select("INBOX")[0] == "OK"
            assert "AUTH=PLAIN" not in imap.capabilities, "no password opens it"
        for user, text in ((login, "noise"), (login, narrow), (login, revoked), ("somebody@example.org", good)):
            with imaplib.IMAP4("127.0.0.1", port, timeout=60) as imap, pytest.raises(imaplib.IMAP4.error):
                imap.authenticate("OAUTHBEARER", partial(said, bearer(user, text)))


def said(message: bytes, _: bytes) -> bytes:
    """Send a message, whatever the server said."""
    return message


def bearer(user: str, text: str) -> bytes:
    """The client's message of RFC 7628 §3.1."""
    return f"n,a={user},\x01auth=Bearer {text}\x01\x01".encode()
