"""The e-mail about a disclosure to an authority, sent once it may be (R24)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class LegalEmail(EmailTemplate):
    """A subject and a text; which fields were disclosed stands in it, and no value."""

    ANSWERED = (
        "An authority received data about you",
        "{authority} ({country}) demanded data about you from {site} by a binding order, on the ground of {ground}. "
        "On {day} exactly these fields were disclosed, of those that the order names:\n\n{fields}\n\nIts reference "
        "is {reference}. You see this disclosure, with all others, in your account:\n{origin}/\n\nIf you want to "
        "object to the order, turn to the authority that gave it.",
    )
