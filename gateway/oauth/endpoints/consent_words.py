"""The words of the consent page, in English and French."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.app_scopes import AppScope
from policy.french import translated
from policy.purposes import Purpose

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("Allow {client}?", "Autoriser {client} ?"),
    "lead": (
        "{client} is not ours. It would like to do this for you, and nothing else:",
        "{client} n'est pas de nous. Cette application voudrait faire ceci pour vous, et rien d'autre :",
    ),
    "lead_ours": (
        "{client} is ours. It would like to do this for you:",
        "{client} est de nous. Cette application voudrait faire ceci pour vous :",
    ),
    "never": (
        "It never gets your password, your second factors, your sign-ins or your cards, and can neither change your "
        "e-mail address nor export or erase your data.",
        "Elle n'obtient jamais votre mot de passe, vos seconds facteurs, vos connexions ni vos cartes, et ne peut ni "
        "changer votre adresse e-mail, ni exporter ou effacer vos données.",
    ),
    "where": ("Your answer is sent to {where}.", "Votre réponse est envoyée à {where}."),
    "back": (
        "You can take it back at any time, with one step, on the page “Security”.",
        "Vous pouvez la retirer à tout moment, en un geste, sur la page « Sécurité ».",
    ),
    "app": ("the app {scheme}", "l'application {scheme}"),
    "allow": ("Allow", "Autoriser"),
    "deny": ("Do not allow", "Ne pas autoriser"),
    "choices": ("Edit my choices", "Modifier mes choix"),
}
OWN: Final = {"fr": "Lire, changer et exporter vos propres données."}
"""By language, the sentence for a first-party client with `prompt=consent`; in English it is the purpose's own."""


def say(language: str, key: str, **facts: str) -> str:
    """A sentence in `en` or `fr`."""
    return WORDS[key][language == "fr"].format(**facts)


def plain(scope: str, language: str) -> str:
    """The meaning of a scope in plain words; the scope itself if it has none."""
    shared = AppScope.of_scope(scope)
    if shared is not None:
        return shared.translated(language)
    purpose = Purpose.of_scope(scope)
    if purpose is None:
        return scope
    return OWN[language] if language in OWN and purpose is Purpose.SELF_SERVICE else translated(purpose, language)
