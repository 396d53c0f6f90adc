"""TOTP codes of authenticator apps (RFC 6238): six digits, 30 seconds, each time step accepted once."""

from __future__ import annotations

import binascii
import io
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

DIGITS = 6
DRIFT = 1
"""Accepted clock drift in time steps, in both directions."""


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """A new TOTP secret in three forms; returned once."""

    secret: str
    uri: str
    qr_svg: str


def new_enrolment(site: str, account: str) -> Enrolment:
    """Create a secret of 160 bits; `account` is the name that the app shows."""
    # 160 bits, as RFC 4226 (section 4, R6) recommends.
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=_without_colon(account), issuer_name=_without_colon(site))
    return Enrolment(secret, uri, qr_svg(uri))


def _without_colon(text: str) -> str:
    # A colon stands between the two in the URI, and apps refuse one whose issuer differs from what is in front of it.
    return " ".join(text.replace(":", " ").split())


def qr_svg(text: str) -> str:
    """A QR code as a standalone SVG, black on white, with the quiet zone that scanners need."""
    # Error correction M and no micro code: every authenticator app can read it.
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        image, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return image.getvalue().decode().strip()


def typed(code: str) -> str:
    """A code without spaces, which people and apps insert."""
    return "".join(code.split())


def accepted_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step of a right code, if it is newer than the last accepted one; None otherwise (S3).

    pyotp does not detect replays (RFC 6238, section 5.2): the step is compared here, and the caller stores it.
    """
    digits = typed(code)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        # SHA-1, six digits, 30 seconds: the only parameters that all apps support.
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=DRIFT)
    except (OTPVerificationError, binascii.Error, ValueError):
        return None
    return step if last_step is None or step > last_step else None
