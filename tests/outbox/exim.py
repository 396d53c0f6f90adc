"""A real mail server: Debian's Exim in a folder of its own, with STARTTLS and a password, ended by its process id."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.gateway.servers import free_port
from tests.programs import program

CONFIGURATION = """
exim_user = {user}
exim_group = {group}
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
primary_hostname = mail.example
qualify_domain = mail.example
smtputf8_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {certificate}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = recipient
acl_smtp_data = accepted
keep_environment =
never_users =

begin acl
recipient:
  deny !authenticated = *
       message = Authentication required
  deny local_parts = nobody-*
       message = No such mailbox
  accept
accepted:
  accept

begin routers
kept:
  driver = accept
  transport = kept

begin transports
kept:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  create_directory
  envelope_to_add
  user = {user}
  group = {group}

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{gateway}}}}{{eq{{$auth3}}{{s3cret}}}}}}}}
  server_set_id = $auth2
"""


@dataclass
class MailServer:
    """Where it listens, and where the mail is that it took."""

    port: int
    folder: Path

    def letters(self) -> list[EmailMessage]:
        """What arrived, the oldest first."""
        files = sorted((self.folder / "mail" / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]

    def wait_for(self, count: int, seconds: float = 60) -> list[EmailMessage]:
        """So many letters, or what there is of them when the time is over."""
        deadline = time.monotonic() + seconds
        while len(found := self.letters()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def log(self) -> str:
        """What it did, in its own words."""
        return "".join(file.read_text(errors="replace") for file in sorted((self.folder / "log").glob("*log")))


@contextmanager
def exim(folder: Path, certificate: Path, port: int | None = None) -> Iterator[MailServer]:
    """Listens for the length of the block; the same folder can be used again."""
    server = MailServer(port or free_port(), folder)
    for name in ("spool", "log", "mail"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    user, group = _owner()
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, group)
    configuration = folder.parent / f"{folder.name}.conf"
    configuration.write_text(
        CONFIGURATION.format(user=user, group=group, folder=folder, port=server.port, certificate=certificate)
    )
    configuration.chmod(0o644)
    arguments = [program("exim"), "-C", str(configuration), "-bdf", "-q10s"]
    output = (folder.parent / f"{folder.name}.out").open("wb")
    process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_life(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        output.close()


def _owner() -> tuple[int, int]:
    """Who Exim works as: the account of Debian's package where we may choose, else ourselves."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    entry = pwd.getpwnam("Debian-exim")
    return entry.pw_uid, entry.pw_gid


def _await_life(server: MailServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), 1) as connection:
                assert connection.recv(100).startswith(b"220")
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((server.folder.parent / f"{server.folder.name}.out").read_text() + server.log())
