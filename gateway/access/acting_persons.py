"""The header `Acting-Person`: a JWT with which a tool names, and signs for, the member of staff who asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from gateway.http.problems import ProblemError
from gateway.tokens.client_keys import ALGORITHMS, check_client_key
from gateway.tokens.jwts import InvalidJwtError, check_header, look
from policy.acting import ActingPerson
from policy.grant import Grant
from resolvers.clients.registry import ClientRegistry
from resolvers.registers.staff import ActiveStaff
from store.accesses.staff_pseudonyms import staff_pseudonym
from store.crypto.system_keys import SystemKeys
from store.queue.single_use import SingleUse

TYPE = "acting-person+jwt"
LONGEST = 2_048
MAX_JTI = 256
OLDEST = 60
"""The most seconds since the tool signed it: whoever copies one can use it for nobody else's request, and not later."""


class ActingPersons:
    """Checks who acts behind a tool's token."""

    def __init__(
        self,
        clients: ClientRegistry,
        staff: ActiveStaff,
        system: SystemKeys,
        single_use: SingleUse,
        issuer: str,
        skew: int,
        clock: Callable[[], float],
    ) -> None:
        """`issuer` is this server's, which every such JWT names as its audience; `clock` gives Unix seconds."""
        self._clients, self._staff, self._system, self._single_use = clients, staff, system, single_use
        self._issuer, self._skew, self._clock = issuer, skew, clock

    async def named(self, grant: Grant, header: str | None) -> ActingPerson | None:
        """Return the person of the header; None without one. ProblemError 401, or 403 where the client must name one.

        A customer's token acts for that customer alone, so the header is refused beside it (400).
        """
        if header is None:
            if grant.names_person:
                raise person_required()
            return None
        if grant.subject is not None:
            raise ProblemError(400, "INVALID_HEADER", "Acting-Person is for tools: a customer acts for nobody else.")
        try:
            return await self.check(grant.client_id, header)
        except InvalidJwtError as error:
            raise person_refused(str(error)) from None

    async def check(self, client_id: str, text: str) -> ActingPerson:
        """Verify the JWT and use it up; InvalidJwtError if it is not acceptable.

        1. form, type, algorithm; 2. signed by a registered key of the client; 3. its issuer is the client; 4. its
        audience is this server alone; 5. it was signed within a minute; 6. its subject is the code of somebody who
        works here now; 7. it was not used before, at any replica.
        """
        seen = look(text, LONGEST)
        algorithm = check_header(seen, ALGORITHMS, {TYPE, f"application/{TYPE}"})  # 1
        registration = await self._clients.find(client_id)
        check_client_key(seen, algorithm, None if registration is None else registration.keys)  # 2
        given = seen.claims
        if given.get("iss") != client_id:  # 3
            raise InvalidJwtError("The issuer of an acting person is the client's id.")
        if given.get("aud") not in (self._issuer, [self._issuer]):  # 4
            raise InvalidJwtError("The audience of an acting person is the issuer of this server, alone.")
        issued, now = given.get("iat"), self._clock()
        if not isinstance(issued, int | float) or not now - OLDEST - self._skew <= issued <= now + self._skew:  # 5
            raise InvalidJwtError(f"An acting person was signed (iat) within the last {OLDEST} seconds.")
        code, jti = given.get("sub"), given.get("jti")
        role = await self._staff.role_of(code) if isinstance(code, str) else None
        if role is None or not isinstance(code, str):  # 6
            raise InvalidJwtError("The subject of an acting person is the code of a member of staff who works here.")
        if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
            raise InvalidJwtError("An acting person needs an id (jti).")
        # Last: what fails another check leaves no row behind (G14). Kept until no replica accepts it.
        until = datetime.fromtimestamp(float(issued) + OLDEST + 2 * self._skew + 1, UTC)
        if not await self._single_use.claim("acting-person", f"{client_id}:{jti}", until):  # 7
            raise InvalidJwtError("This acting person was used before.")
        return ActingPerson(await staff_pseudonym(self._system, code), role)


def person_required() -> ProblemError:
    """403: the client is registered to name who asks, and did not."""
    message = "This client names who asks: send the header Acting-Person, a JWT signed with its registered key."
    return ProblemError(403, "ACTING_PERSON_REQUIRED", message)


def person_refused(reason: str) -> ProblemError:
    """401: the header is not accepted; `reason` is a fixed sentence."""
    return ProblemError(401, "ACTING_PERSON_INVALID", reason)
