"""The e-mails to registrants, who may be other persons than the customer (R52; GDPR Art. 14)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class RegistrantEmail(EmailTemplate):
    """Each with a subject and a text."""

    CONFIRM = (
        "Are you the owner of a domain?",
        "A customer of {site} named this address as the one of the owner of a domain. Nothing is published about "
        "you, and nothing else is sent to you, unless you say that this is so.\n\nSee here within {days} which "
        "domain it is, and say yes or no:\n{link}\n\nIf it means nothing to you, do nothing.",
    )
    NOTICE = (
        "You are registered as the owner of a domain",
        "A customer of {site} ordered the domain {domain} and gave us your details as its owner: your name, and of "
        "your address, e-mail address and phone what was known to them. They are used for one thing: to register the "
        "domain. The registry ({registry}) receives what it requires, or what may be shown, and publishes it; nobody "
        "else does.\n\nThey are kept as long as the customer keeps the domain. What we hold, what is shown of it and "
        "to whom it went, you can see and take along here; there you can also ask to be erased as an "
        "owner:\n{origin}/registrant\n\nFor anything else, to have a detail put right or to object, answer this "
        "message. You may also complain to the data protection authority of your country.",
    )
    REPLACED = (
        "You are no longer the owner of a domain",
        "The owner of the domain {domain} was changed by the customer of {site} who keeps it, on {at}. Your details "
        "as its owner are no longer held.\n\nIf that should not be, answer this message at once.",
    )
    LINK = (
        "What we hold about you as the owner of a domain",
        "Somebody, probably you, asked what {site} holds about you as the owner of the domain {domain}.\n\nSee it "
        "here within {minutes}:\n{link}\n\nIf it was not you, do nothing.",
    )
    WAITS = (
        "Your details will be erased when the domain ends",
        "You asked on {at} to be erased as the owner of the domain {domain}. As long as it is registered its owner "
        "has to be known, so your details stay until it ends, and are then erased at once. What the registry does "
        "not require is hidden from now on.\n\nIf it was not you, call it off here: {origin}/registrant",
    )
    ERASED = (
        "Your details as the owner of a domain were erased",
        "As you asked, your details as the owner of the domain {domain} were erased by {site} on {at}. This message "
        "is the last one.",
    )
