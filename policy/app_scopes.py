"""The OAuth scopes that customers may grant to third-party apps: a closed list (RFC 6749 §3.3), each in words (O10)."""

from enum import unique
from typing import Final, Self

from policy.rows import Row


@unique
class AppScope(Row):
    """One scope that a customer can grant to a third-party app; everything else is for first-party clients only."""

    PROFILE_READ = (
        "Read your name, postal address, phone, language and customer number.",
        "Lire votre nom, votre adresse postale, votre téléphone, votre langue et votre numéro de client.",
    )
    PROFILE_WRITE = (
        "Change your name, postal address, phone and language; not your e-mail address.",
        "Changer votre nom, votre adresse postale, votre téléphone et votre langue ; pas votre adresse e-mail.",
    )
    EMAIL_READ = "Read your e-mail address.", "Lire votre adresse e-mail."
    SERVICES_READ = "See which services you have.", "Voir quels services vous avez."
    INVOICES_READ = "Read your invoices.", "Lire vos factures."
    DOMAINS_READ = (
        "See your domain names, and which details of their owners are hidden.",
        "Voir vos noms de domaine, et quelles données de leurs titulaires sont masquées.",
    )
    WHOIS_WRITE = (
        "Change what the whois shows of your domain names.",
        "Changer ce que le whois montre de vos noms de domaine.",
    )
    CHOICES_READ = (
        "See what you chose about news and cookies, and what you agreed to.",
        "Voir vos choix sur les nouveautés et les cookies, et ce que vous avez accepté.",
    )
    CHOICES_WRITE = (
        "Change what you chose about news and cookies.",
        "Changer vos choix sur les nouveautés et les cookies.",
    )

    def __init__(self, text: str, french: str) -> None:
        self.french = french
        """The same sentence in French."""

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

    def translated(self, language: str) -> str:
        """Return the sentence in a language, `en` or `fr`; every other language gets English."""
        return self.french if language == "fr" else self.text


APP_SCOPES: Final = frozenset(each.scope for each in AppScope)
