"""Where each secret that is checked is counted: for its account, and apart from every other kind of secret (S11).

Strangers, each device that an account knows, and each session have counts of their own, so that whoever guesses
elsewhere keeps no owner out (S1). What else was sent with a secret decides nothing.
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
    """What is checked, and the pace at which strangers may try it."""

    PASSWORD = "password", AttemptPace.PASSWORD
    CODE = "code", AttemptPace.CODE
    RECOVERY_CODE = "recovery code", AttemptPace.RECOVERY
    PASSKEY = "passkey", AttemptPace.PASSKEY
    ENROLMENT = "enrolment", AttemptPace.CODE
    """The first code of an authenticator app that is being added."""

    def __init__(self, word: str, pace: AttemptPace) -> None:
        self.word, self.pace = word, pace

    @classmethod
    def of_code(cls, code: str) -> Secret:
        """What somebody tries who types this at the second step."""
        return cls.CODE if is_short(code) else cls.RECOVERY_CODE


@dataclass(frozen=True, slots=True, repr=False)
class Counted:
    """Who tries, as far as counting goes: somebody in a session, a device that the account knows, or a stranger."""

    subject: bytes
    """The account that is meant, whether there is one or not."""
    visitor: Visitor
    known: bool = False
    """Whether the account knows the visitor's device."""
    renews: tuple[int, int] | None = None
    """The credential and the session within which the secret is checked again."""

    def buckets(self, secret: Secret) -> list[AttemptBucket]:
        """Where one attempt at this secret is counted; a stranger's in its network, too."""
        if self.renews is not None:
            return inside(secret, *self.renews)
        if self.known:
            mark = hashed(self.visitor.device_secret or "")
            return [AttemptBucket(AttemptPace.DEVICE, secret.word.encode() + b"\0" + self.subject + mark)]
        return [AttemptBucket(secret.pace, self.subject), by_network(self.visitor)]

    def beside(self, secret: Secret) -> list[AttemptBucket]:
        """The same for a secret that came in the same request as another one, which the network has counted."""
        return [bucket for bucket in self.buckets(secret) if bucket.pace is not AttemptPace.NETWORK]


def inside(secret: Secret, credential_id: int, session_id: int | None) -> list[AttemptBucket]:
    """Where an attempt of somebody who is signed in is counted: in this session, and in all of the account's."""
    whose = f"{secret.word}:{credential_id}"
    return [AttemptBucket(AttemptPace.SESSION, f"{whose}:{session_id}"), AttemptBucket(AttemptPace.SESSIONS, whose)]


def compared(customer_id: int) -> list[AttemptBucket]:
    """Where new passwords are counted that are compared with a customer's other ones (R38): each is a guess at them."""
    return [AttemptBucket(AttemptPace.COMPARED, str(customer_id))]


def by_network(visitor: Visitor) -> AttemptBucket:
    """Whatever comes from one household or server is counted together."""
    return AttemptBucket(AttemptPace.NETWORK, network_of(visitor.address, 32, 56))


def subject(platform: str, login_index: bytes) -> bytes:
    """What an account is counted under, whether there is one or not."""
    return platform.encode() + login_index
