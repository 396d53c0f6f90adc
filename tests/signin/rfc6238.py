"""An authenticator of the tests' own, written from RFC 4226 and RFC 6238, and one that others wrote: `oathtool`."""

from __future__ import annotations

import hmac
import struct
import subprocess
from base64 import b32decode
from datetime import datetime

from tests.programs import program
from tests.signin.people import SECRET


def totp(secret: str = SECRET, *, at: datetime, step: int = 0) -> str:
    """The code of a moment; `step` time steps later or earlier."""
    counter = int(at.timestamp()) // 30 + step
    digest = hmac.digest(b32decode(secret), struct.pack(">Q", counter), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def oathtool(secret: str, at: datetime) -> str:
    """The same by the OATH Toolkit."""
    moment = at.strftime("%Y-%m-%d %H:%M:%S UTC")
    done = subprocess.run(
        [program("oathtool"), "--totp", "--base32", "--now", moment, "-"],
        input=secret,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
