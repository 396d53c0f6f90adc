"""The words of the page that shows an export."""

from typing import Final

from messages.message import Message
from messages.words import Words

SAY: Final = Words(
    {
        "title": "Everything {site} holds about you",
        "lead": (
            "Made on {made}. Each section is one kind of record; beside the values stand their category, "
            "what they are used for, who else may receive them, how long they are kept and where they came from."
        ),
        "rights": (
            "You can change your data at any time, take back consents, object, have it erased, and complain "
            "to the data protection authority."
        ),
        "transfers": "To whom data about you went, and in which country they are:",
        "contents": "Contents",
        "kept": "How long it is kept:",
        "meaning": "What each field means, and what it is used for",
        "field": "Field",
        "category": "Kind of data",
        "purposes": Message("Used for", context="of a field"),
        "recipients": "May be given to",
        "retention": Message("Kept", context="of a field"),
        "origin": "Where it came from",
        "nobody": "Nobody else.",
        "none": "Nothing is held.",
        "counted": (
            "Records: {count}. It works for you and has nothing to read.",
            "Records: {count}. They work for you and have nothing to read.",
        ),
        "apart": "Keys and keyed marks against misuse: such may be held, no way leads from you to them.",
        "yes": "yes",
        "no": "no",
        "damaged": "This value is damaged and cannot be read.",
        "end": "This is the end of the export.",
    }
)

TITLES: Final = Words(
    {
        "customers": "Your profile",
        "services": "Services",
        "domains": "Domain names",
        "invoices": "Invoices",
        "payment_methods": "Payment methods",
        "card_vault": "Stored cards",
        "consents": "Consents",
        "cookie_choices": "Cookie choice",
        "credentials": "Sign-ins and passwords",
        "second_factors": "Second factors",
        "passkeys": "Passkeys",
        "sign_ins": "Accesses to your platforms",
        "sessions": "Sessions",
        "disclosures": "Who else received your data",
        "erasures": "Erasures",
        "exports": "Exports",
        "accesses": "Who read your data, and why",
        "known_devices": "Known devices",
        "oauth_consents": "Apps that you allowed",
        "oauth_families": "Apps that are signed in",
        "lookup_changes": "Values to be found in another spelling",
        "lookups": "Marks by which you are found",
        "erasure_letters": "Letters about an erasure",
        "erasure_recipients": "Who is told to erase, too",
        "erasure_steps": "Steps of an erasure",
        "command_keys": "Marks of requests",
        "guesses": "Marks of failed attempts",
        "revocations": "What no token may rest on any more",
        "slowdowns": "Marks of failures that slow down",
        "subject_keys": "Your data key",
        "used_values": "Marks of what works once",
        "outbox": "Messages on their way",
    }
)
"""Of the sections; one that is not here goes by its own name."""


def titled(name: str, language: str) -> str:
    """The heading of a section."""
    return TITLES.say(language, name) if name in TITLES else name.replace("_", " ").capitalize()
