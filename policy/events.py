"""What internal systems can be told of as it happens: each event by its name, and when it is sent."""

from enum import unique

from policy.rows import Row


@unique
class Event(Row):
    """An event is told by its name alone, with ids and the names of fields: never with a value of a person.

    Columns: sentence, the name that receivers subscribe to.
    """

    PROFILE_CHANGED = ("Name, address, phone or language of a customer changed.", "customer.profile.changed")
    EMAIL_CHANGED = ("The e-mail address of a customer changed.", "customer.email.changed")
    REGISTERED = ("A customer was registered.", "customer.registered")
    SUBSCRIBED = ("A customer subscribed to a service.", "service.subscribed")
    TERMINATED = ("A service of a customer ended.", "service.terminated")
    CONSENT_GIVEN = ("A customer gave a consent.", "consent.given")
    CONSENT_WITHDRAWN = ("A customer withdrew a consent.", "consent.withdrawn")
    PAYMENT_CHANGED = ("A payment method was added, removed or made the default.", "payment_method.changed")
    CARD_WITHDRAWN = (
        "A card may not be kept any more: whoever received it deletes it.",
        "card.withdrawn",
    )
    WHOIS_CHANGED = ("What whois shows of a domain changed.", "whois.changed")
    DOMAIN_REGISTERED = ("A domain was registered for a customer.", "domain.registered")
    REGISTRANT_CHANGED = (
        "The owner of a domain, or a detail of theirs, changed: whoever registers it tells the registry.",
        "domain.registrant.changed",
    )
    COOKIES_CHANGED = ("A cookie choice changed.", "cookies.changed")
    ERASURE_REQUESTED = ("A customer asked to be erased.", "erasure.requested")
    ERASURE_CANCELLED = ("An erasure was called off.", "erasure.cancelled")
    ERASURE_DUE = ("An erasure is about to be carried out.", "erasure.due")
    ERASED = ("A customer was erased: forget the id, too.", "customer.erased")
    ERASE = (
        "A customer whose data the receiver got is erased: it erases its copy, and may answer in the header"
        " `Erasure-Answer` (ERASED, UNKNOWN or REFUSED).",
        "customer.erase",
    )

    def __init__(self, _text: str, wire: str) -> None:
        self.wire = wire
        """The name that receivers see."""


BY_NAME = {event.wire: event for event in Event}
