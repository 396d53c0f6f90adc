"""Assigns attempts to buckets: per account and kind of secret (S11).

Unknown devices, each known device, and each session have separate buckets, so that guessing elsewhere does not lock the
owner out (S1). Other data of the request has no influence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from resolvers.commands.places import network_of
from resolvers.factors.factors import is_short
from resolvers.signin.attempts import AttemptBucket, AttemptPace
from resolvers.signins.secrets import hashed
from resolvers.signins.signins import Visitor


class Secret(Enum):
    """A kind of secret, with the limit for unknown devices."""

    PASSWORD = "password", AttemptPace.PASSWORD
    CODE = "code", AttemptPace.CODE
    RECOVERY_CODE = "recovery code", AttemptPace.RECOVERY
    PASSKEY = "passkey", AttemptPace.PASSKEY
    ENROLMENT = "enrolment", AttemptPace.CODE
    """The first code of an authenticator app during enrolment."""

    def __init__(self, word: str, rate: AttemptPace) -> None:
        self.word, self.rate = word, rate

    @classmethod
    def of_code(cls, code: str) -> Secret:
        """The kind of secret that a code of the second step is, by its form."""
        return cls.CODE if is_short(code) else cls.RECOVERY_CODE


@dataclass(frozen=True, slots=True, repr=False)
class Counted:
    """The origin of an attempt: a session (step-up), a known device, or an unknown one."""

    subject: bytes
    """The account, which need not exist."""
    visitor: Visitor
    known: bool = False
    """True if the device is known to the account."""
    renews: tuple[int, int] | None = None
    """Credential and session of a step-up."""

    def buckets(self, secret: Secret) -> list[AttemptBucket]:
        """The buckets of an attempt at this secret; for an unknown device also its network's."""
        if self.renews is not None:
            return inside(secret, *self.renews)
        if self.known:
            # By device, so that one stolen device cookie does not open the limit of others.
            mark = hashed(self.visitor.device_secret or "")
            return [AttemptBucket(AttemptPace.DEVICE, secret.word.encode() + b"\0" + self.subject + mark)]
        return [AttemptBucket(secret.rate, self.subject), by_network(self.visitor)]

    def beside(self, secret: Secret) -> list[AttemptBucket]:
        """The buckets of a second secret in the same request, whose network was counted with the first."""
        return [bucket for bucket in self.buckets(secret) if bucket.rate is not AttemptPace.NETWORK]


def inside(secret: Secret, credential_id: int, session_id: int | None) -> list[AttemptBucket]:
    """The buckets of an attempt in a session: of this session, and of all sessions of the credential."""
    subject = f"{secret.word}:{credential_id}"
    return [AttemptBucket(AttemptPace.SESSION, f"{subject}:{session_id}"), AttemptBucket(AttemptPace.SESSIONS, subject)]


def compared(customer_id: int) -> list[AttemptBucket]:
    """The bucket of new passwords, each of which is a guess at the customer's other passwords (R38)."""
    return [AttemptBucket(AttemptPace.COMPARED, str(customer_id))]


def by_network(visitor: Visitor) -> AttemptBucket:
    """The bucket of a network: one IPv4 address, or an IPv6 /56, which a household or server has."""
    # An IPv6 subscriber has at least a /56: single addresses would be free to change.
    return AttemptBucket(AttemptPace.NETWORK, network_of(visitor.address, 32, 56))


def subject(platform: str, login_index: bytes) -> bytes:
    """The subject of an account's buckets; the account need not exist."""
    return platform.encode() + login_index
