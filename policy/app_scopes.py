"""The OAuth scopes that customers may grant to third-party apps: a closed list (RFC 6749 §3.3), each in words (O10)."""

from enum import unique
from typing import Final, Self

from policy.rows import Row


@unique
class AppScope(Row):
    """One scope that a customer can grant to a third-party app; everything else is for first-party clients only."""

    PROFILE_READ = "Read your name, postal address, phone, language and customer number."
    PROFILE_WRITE = "Change your name, postal address, phone and language; not your e-mail address."
    EMAIL_READ = "Read your e-mail address."
    SERVICES_READ = "See which services you have."
    INVOICES_READ = "Read your invoices."
    DOMAINS_READ = "See your domain names, and which details of their owners are hidden."
    WHOIS_WRITE = "Change what the whois shows of your domain names."
    CHOICES_READ = "See what you chose about news and cookies, and what you agreed to."
    CHOICES_WRITE = "Change what you chose about news and cookies."

    @property
    def scope(self) -> str:
        """The scope as it is written in a token, such as `profile:read`."""
        return self.name.lower().replace("_", ":")

    @classmethod
    def of_scope(cls, scope: str) -> Self | None:
        """Return the member for this exact scope, or None for an unknown one."""
        member = cls.__members__.get(scope.upper().replace(":", "_"))
        # `PROFILE:READ` would find the member, too: OAuth scopes are case-sensitive (RFC 6749 §3.3), so compare it
        # back.
        return member if member is not None and member.scope == scope else None


APP_SCOPES: Final = frozenset(each.scope for each in AppScope)
