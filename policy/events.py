"""The events that are sent to internal systems."""

from enum import unique

from policy.rows import Row


@unique
class Event(Row):
    """An event contains its name, ids and names of fields, never personal data.

    Columns: sentence, the name that receivers subscribe to, and the reason why it is sent even while processing is
    restricted (Art. 18(2)); without a reason it is not.
    """

    PROFILE_CHANGED = ("Name, address, phone or language of a customer changed.", "customer.profile.changed")
    EMAIL_CHANGED = ("The e-mail address of a customer changed.", "customer.email.changed")
    REGISTERED = ("A customer was registered.", "customer.registered")
    SUBSCRIBED = ("A customer subscribed to a service.", "service.subscribed")
    TERMINATED = ("A service of a customer ended.", "service.terminated")
    CONSENT_GIVEN = ("A customer gave a consent.", "consent.given")
    CONSENT_WITHDRAWN = ("A customer withdrew a consent.", "consent.withdrawn", "It ends processing.")
    PAYMENT_CHANGED = ("A payment method was added, removed or made the default.", "payment_method.changed")
    CARD_WITHDRAWN = (
        "A card may not be kept any more: whoever received it deletes it.",
        "card.withdrawn",
        "It ends processing.",
    )
    WHOIS_CHANGED = ("What whois shows of a domain changed.", "whois.changed")
    DOMAIN_REGISTERED = ("A domain was registered for a customer.", "domain.registered")
    DOMAIN_RENEWED = ("The registration of a domain was renewed.", "domain.renewed")
    REGISTRANT_CHANGED = (
        "The owner of a domain, or a detail of theirs, changed: whoever registers it tells the registry.",
        "domain.registrant.changed",
    )
    COOKIES_CHANGED = ("A cookie choice changed.", "cookies.changed")
    ERASURE_REQUESTED = ("A customer asked to be erased.", "erasure.requested", "It is the customer's right.")
    ERASURE_CANCELLED = ("An erasure was called off.", "erasure.cancelled", "It is the customer's right.")
    ERASURE_DUE = ("An erasure is about to be carried out.", "erasure.due", "It is the customer's right.")
    ERASED = ("A customer was erased: forget the id, too.", "customer.erased", "It ends processing.")
    RESTRICTED = (
        "A customer has processing restricted: store the data, and use them for nothing else.",
        "customer.restricted",
        "It ends processing.",
    )
    RESTRICTION_LIFTED = (
        "A restriction ended: what changed meanwhile was not told, so read the customer again.",
        "customer.restriction.lifted",
        "It is sent as it ends.",
    )
    OBJECTED = ("A customer objected to a purpose, which stands still.", "customer.objected", "It ends processing.")
    OBJECTION_ENDED = (
        "A customer took an objection to a purpose back, or it was overridden.",
        "customer.objection.ended",
        "It says what may be read, and is read for nothing else.",
    )
    # From here on the events are for recipients of the data, who may answer.
    ERASE = (
        "A customer whose data the receiver got is erased: it erases its copy, and may answer in the header"
        " `Erasure-Answer` (ERASED, UNKNOWN or REFUSED).",
        "customer.erase",
        "It ends processing.",
    )
    RESTRICT = (
        "A customer whose data the receiver got has processing restricted: it stores its copy and uses it for nothing"
        " else, and may answer in the header `Notice-Answer` (DONE, UNKNOWN or REFUSED).",
        "customer.restrict",
        "It ends processing.",
    )
    RESTRICTION_LIFT = (
        "The restriction of which the receiver was told ended; answered as `customer.restrict` is.",
        "customer.restriction.lift",
        "It is sent as it ends.",
    )
    RECTIFY = (
        "Data of a customer that the receiver got were corrected: it reads them again, and answers as"
        " `customer.restrict` is answered.",
        "customer.rectify",
        "Whoever has a copy is told of a correction (Art. 19).",
    )

    def __init__(self, _text: str, wire: str, despite: str | None = None) -> None:
        self.wire = wire
        """The name in messages and subscriptions."""
        self.despite = despite
        """The reason why it is sent while the customer has processing restricted; None: it is not."""


BY_NAME = {event.wire: event for event in Event}
