"""The words of the consent page."""

from __future__ import annotations

from typing import Final

from messages.catalogue import translate
from messages.message import marked
from messages.words import Words
from policy.app_scopes import AppScope
from policy.openid import OpenIdScope
from policy.purposes import Purpose

WORDS: Final = Words(
    {
        "title": "Allow {client}?",
        "lead": "{client} is not ours. It would like to do this for you, and nothing else:",
        "lead_ours": "{client} is ours. It would like to do this for you:",
        "never": (
            "It never gets your password, your second factors, your sign-ins or your cards, and can neither "
            "change your e-mail address nor export or erase your data."
        ),
        "where": "Your answer is sent to {where}.",
        "back": "You can take it back at any time, with one step, on the page “Security”.",
        "app": "the app {scheme}",
        "allow": "Allow",
        "deny": "Do not allow",
        "choices": "Edit my choices",
    }
)
OWN: Final = marked("Read, change and export your own data.")
"""The sentence for a first-party client with `prompt=consent`."""


def plain(scope: str, language: str) -> str:
    """The meaning of a scope in plain words; the scope itself if it has none."""
    shared = AppScope.of_scope(scope) or OpenIdScope.of_scope(scope)
    if shared is not None:
        return translate(shared.text, language)
    purpose = Purpose.of_scope(scope)
    if purpose is None:
        return scope
    return translate(OWN if purpose is Purpose.SELF_SERVICE else purpose.why, language)
