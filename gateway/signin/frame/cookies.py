"""The cookies of the sign-in pages: no script reads them, and none leaves this host."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

LONGEST = 128


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes. Over https every name begins with `__Host-`: browsers then refuse it from a neighbouring
    host, and without Secure. Over plain http, which is the demo on this machine, they would refuse all of it."""

    secure: bool

    def session(self, platform: str) -> str:
        """One for each platform: a browser may be signed in to several."""
        return self._name("session-" + platform.lower().replace("_", "-"))

    @property
    def device(self) -> str:
        """That somebody signed in here before."""
        return self._name("device")

    @property
    def pending(self) -> str:
        """That the password was right and the second factor is awaited."""
        return self._name("signing-in")

    @property
    def form(self) -> str:
        """That a form was made for this browser."""
        return self._name("form")

    @property
    def choice(self) -> str:
        """What was chosen about cookies that are not essential; remembering it is essential itself."""
        return self._name("choices")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def read(self, request: HTTPConnection, name: str) -> str | None:
        """A cookie's value; None for one that is too long to be ours. Of one that comes twice the first counts.

        Ours are plain characters (RFC 6265 section 4.1.1), so nothing is unquoted: that takes the square of the
        length in CPython before 3.11.10.
        """
        wanted = f"{name}="
        for line in request.headers.getlist("cookie"):
            for pair in line.split(";"):
                given = pair.strip()
                if given.startswith(wanted):
                    value = given[len(wanted) :].strip('"')
                    return value if value and len(value) <= LONGEST else None
        return None

    def give(self, response: Response, name: str, value: str, life: timedelta | None = None) -> None:
        """Set it; without a life it ends with the browser."""
        seconds = None if life is None else int(life.total_seconds())
        response.set_cookie(name, value, seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def take(self, response: Response, name: str) -> None:
        """Remove it."""
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")
