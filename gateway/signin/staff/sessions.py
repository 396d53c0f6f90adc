"""Sessions of staff: a signed cookie that ends with its hour, a sign-out, or the person's place in the register."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from policy.acting import ActingPerson
from resolvers.registers.staff import ActiveStaff
from resolvers.signins.secrets import new_secret
from store.accesses.staff_pseudonyms import staff_pseudonym
from store.database.store import Store
from store.queue.revocation_list import Revocations
from store.queue.revocations import News, announce
from store.registers.staff import STAFF_ROLES

KEY = "staff-session"
"""The system key that signs the cookies."""
LIFE = timedelta(hours=1)
"""The company's own sign-in, which lasts a working day, gives the next session at a click."""
ROLES = frozenset(STAFF_ROLES)
"""The roles of the register that may sign in; each page says what they may there."""
MARK = "TOKEN"
"""The kind under which an ended session stands in the list of revocations."""


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A member of staff who is signed in."""

    id: str = field(repr=False)
    code: str
    acting: ActingPerson
    expires_at: int
    """Unix seconds."""


class StaffSessions:
    """Makes, finds and ends sessions. Nothing is stored but that one was ended before its time."""

    def __init__(self, store: Store, revocations: Revocations) -> None:
        self._store, self._revocations = store, revocations
        self._staff = ActiveStaff(store.reader)

    async def begin(self, code: str, now: datetime) -> str | None:
        """The cookie of a new session; None for whom the register gives no role that may look."""
        if await self._staff.role_of(code) not in ROLES:
            return None
        text = f"{code}.{int((now + LIFE).timestamp())}.{new_secret()[:22]}"
        return f"{text}.{await self._signature(text)}"

    async def find(self, cookie: str | None, now: datetime) -> StaffSession | None:
        """The session of a cookie; None if there is none, or it has ended. StoreUnavailableError.

        1. the signature is ours; 2. its hour is not over; 3. nobody ended it; 4. the register still has the person.
        """
        text, _, signature = (cookie or "").rpartition(".")
        if not text or not hmac.compare_digest(signature.encode(), (await self._signature(text)).encode()):  # 1
            return None
        code, ends, id_ = text.split(".")
        if int(ends) <= now.timestamp():  # 2
            return None
        await self._revocations.follow()
        if await self._revocations.has_ended({(MARK, id_)}):  # 3
            return None
        role = await self._staff.role_of(code)
        if role not in ROLES:  # 4
            return None
        pseudonym = await staff_pseudonym(self._store.keys.system, code)
        return StaffSession(id_, code, ActingPerson(pseudonym, str(role)), int(ends))

    async def end(self, session: StaffSession) -> None:
        """End a session at every replica, before its next request."""
        ended = News(MARK, session.id, datetime.fromtimestamp(session.expires_at, UTC))
        async with self._store.write() as connection:
            await connection.run_sync(announce, [ended])

    async def _signature(self, text: str) -> str:
        mark = hmac.digest(await self._store.keys.system.named(KEY), text.encode(), sha256)
        return urlsafe_b64encode(mark).rstrip(b"=").decode()
