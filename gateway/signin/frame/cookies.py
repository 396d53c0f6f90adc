"""The cookies of the sign-in pages: HttpOnly, and for this host only (S6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import HTTPConnection
from starlette.responses import Response

SITE_CHOICE = "site-choices"
"""The cookie of the choice where it is shared with the company's web site."""
LONGEST = 128
"""Characters of a value; ours are random secrets and short choices."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes of the cookies.

    Over https every name has the prefix `__Host-`, so that browsers accept the cookie only with Secure and from this
    very host. Over plain http, which is the demo on this machine, they would refuse the prefix.
    """

    secure: bool
    site: str = ""
    """The domain of the company's web site, whose pages share the choice of cookies with ours; empty: none."""

    def session(self, platform: str) -> str:
        """The session cookie of a platform; a browser may be signed in to several."""
        return self._name("session-" + platform.lower().replace("_", "-"))

    @property
    def device(self) -> str:
        """The cookie of a known device, on which somebody signed in before."""
        return self._name("device")

    @property
    def pending(self) -> str:
        """The cookie of a sign-in whose password was right and whose second factor is awaited."""
        return self._name("signing-in")

    @property
    def form(self) -> str:
        """The cookie with the anti-CSRF secret that this browser's forms repeat."""
        return self._name("form")

    @property
    def staff(self) -> str:
        """The session cookie of a member of staff at `/audit`."""
        return self._name("staff")

    @property
    def staff_step(self) -> str:
        """The cookie of a member of staff who is away at the company's provider to sign in."""
        return self._name("staff-signing-in")

    @property
    def choice(self) -> str:
        """The cookie that stores the choice about non-essential cookies; it is essential itself."""
        # One with a Domain may not have the prefix (RFC 6265bis §4.1.3.2). Unlike the others it proves nothing.
        return SITE_CHOICE if self.site else self._name("choices")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name

    def read(self, request: HTTPConnection, name: str) -> str | None:
        """The value of a cookie, the first of several equal names; None without one, or if it is too long to be ours.

        Our values need no unquoting (RFC 6265 §4.1.1), for which `http.cookies` takes quadratic time before 3.11.10.
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
        """Set a cookie; without a lifetime it ends with the browser session."""
        # Lax, not Strict: a link in an e-mail, or a redirect from a client, must find the customer signed in.
        seconds = None if life is None else int(life.total_seconds())
        response.set_cookie(name, value, seconds, path="/", secure=self.secure, httponly=True, samesite="lax")

    def give_choice(self, response: Response, value: str, life: timedelta) -> None:
        """Set the cookie of the choice; with a site for all its hosts, whose scripts read it."""
        if not self.site:
            self.give(response, self.choice, value, life)
            return
        seconds = int(life.total_seconds())
        response.set_cookie(
            self.choice, value, seconds, path="/", domain=self.site, secure=self.secure, httponly=False, samesite="lax"
        )

    def take(self, response: Response, name: str) -> None:
        """Delete a cookie."""
        # Same attributes as at setting: browsers ignore a deletion of a `__Host-` cookie without Secure and path.
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")
