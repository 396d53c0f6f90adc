"""Codes of authenticator apps (RFC 6238): six digits of 30 seconds, each time step accepted once only."""

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
"""Steps by which the customer's clock may be wrong, either way."""


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """What an authenticator app needs, in three forms; shown once."""

    secret: str
    uri: str
    qr_svg: str


def new_enrolment(site: str, account: str) -> Enrolment:
    """A new secret of 160 bits, for the account as the app will list it."""
    secret = pyotp.random_base32()
    uri = pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=site)
    return Enrolment(secret, uri, qr_svg(uri))


def qr_svg(text: str) -> str:
    """A QR code as a standalone SVG of black on white, with the quiet zone that cameras need."""
    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        image, kind="svg", scale=4, border=4, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return image.getvalue().decode().strip()


def typed(code: str) -> str:
    """A code without the spaces that people and apps put in."""
    return "".join(code.split())


def accepted_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """The time step of a right code that is newer than the last accepted one; else None (S3).

    pyotp accepts a code as often as it comes, so the step is compared here and stored by the caller.
    """
    digits = typed(code)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=DRIFT)
    except (OTPVerificationError, binascii.Error, ValueError):
        return None
    return step if last_step is None or step > last_step else None
