"""What a customer is told of an authority's request, once it may be told (R24)."""

from __future__ import annotations

from resolvers.letters.letters import Letter


class LegalLetter(Letter):
    """A subject and a text; which fields were disclosed stands in it, and no value."""

    ANSWERED = (
        "An authority received data about you",
        "{authority} ({country}) demanded data about you from {site} by a binding order, on the ground of {ground}. "
        "On {day} exactly these fields were disclosed, of those that the order names:\n\n{fields}\n\nIts reference "
        "is {reference}. You see this disclosure, with all others, in your account:\n{origin}/\n\nIf you want to "
        "object to the order, turn to the authority that gave it.",
    )
