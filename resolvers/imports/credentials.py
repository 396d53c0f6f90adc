"""The sign-in of an imported customer: login names, password hashes of the former system, authenticator apps."""

from __future__ import annotations

import binascii

import pyotp

from policy.platforms import DEFAULT
from resolvers.customers.new_customer import NewCredential, NewCustomer, NewSecondFactor
from resolvers.factors.totp import DIGITS
from resolvers.imports.columns import CREDENTIALS, CredentialColumns
from resolvers.inputs.changes import FieldChange
from resolvers.inputs.report import FieldFault
from resolvers.inputs.values import Fields
from resolvers.passwords.foreign import ForeignHashError, HashFault, read_foreign_hash
from values import mailbox

MOST_LOGIN = mailbox.LONGEST_TYPED
MOST_HASH = 400
MOST_URI = 500
LEAST_SECRET = 10
"""Bytes of a TOTP secret. Many apps had 80 bits, though RFC 4226 (section 4, R6) asks for 128."""
PERIOD = 30


def credentials(fields: Fields, owner: NewCustomer) -> tuple[NewCredential, ...]:
    """The credentials of a record; the client area always has one, so that "Forgot your password?" finds everybody.

    A hash that cannot be kept is left out and told: its owner chooses a new password by a link.
    """
    return tuple(each for columns in CREDENTIALS if (each := _credential(fields, columns, owner)) is not None)


def _credential(fields: Fields, columns: CredentialColumns, owner: NewCustomer) -> NewCredential | None:
    if columns.platform != DEFAULT and all(fields.is_empty(each) for each in columns.all):
        return None
    login = fields.text(columns.login, _as_written, MOST_LOGIN) or owner.email
    stored = fields.secret(columns.password_hash, MOST_HASH)
    kept = None if stored is None else _hash(fields, columns.password_hash, stored)
    factors: tuple[NewSecondFactor, ...] = ()
    if columns.otpauth is not None and (uri := fields.secret(columns.otpauth, MOST_URI)) is not None:
        secret = _totp_secret(uri)
        if secret is None:
            fields.fault(columns.otpauth, FieldFault.NOT_A_TOTP)
        else:
            factors = (NewSecondFactor("TOTP", secret, fields.now),)
    return NewCredential(columns.platform, login, kept, fields.now, None, factors)


def _as_written(text: str) -> str:
    return text


def _hash(fields: Fields, column: str, stored: str) -> str | None:
    try:
        return read_foreign_hash(stored)
    except ForeignHashError as error:
        weak = error.fault is HashFault.WEAK
        fields.note(column, FieldChange.WEAK_HASH if weak else FieldChange.UNVERIFIABLE_HASH)
        return None


def _totp_secret(uri: str) -> str | None:
    """The secret of an `otpauth://totp/…` URI (Google's Key URI Format); None if codes of its kind are not taken."""
    try:
        found = pyotp.parse_uri(uri)
        if (
            type(found) is not pyotp.TOTP
            or found.digits != DIGITS
            or found.interval != PERIOD
            or found.digest().name != "sha1"
        ):
            return None
        long_enough = len(found.byte_secret()) >= LEAST_SECRET
    except (ValueError, binascii.Error, TypeError):
        return None
    return found.secret.upper() if long_enough else None
