"""The e-mails about the erasure of a customer's data."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class ErasureEmail(EmailTemplate):
    """The e-mails, each with a subject and a text."""

    ACCEPTED = (
        "We will erase your data",
        "You asked {site} to erase your data. It will be done by {due} at the latest, and not before {begin}: until "
        "then you can call it off in your client area.\n\nFollow it here, also when you can no longer sign "
        "in:\n{link}\n\nIf it was not you, call it off and choose a new password now:\n{origin}/password/forgot",
    )
    ARMED = (
        "We will erase your data when your services end",
        "You asked {site} to erase your data as soon as your last service has ended. You can call it off until then. "
        "What rests on your consent, or what you can object to, is erased already: kept cards, news, the measuring "
        "of visits, your phone number.\n\n{stays}\n\nFollow it here:\n{link}",
    )
    REFUSED = (
        "Not all of your data can be erased yet",
        "On {at} you asked {site} to erase your data. What rests on your consent, or what you can object to, was "
        "erased at once: kept cards, news, the measuring of visits, your phone number. The rest was not, as services "
        "of yours are running.\n\n{stays}\n\nEnd your services and ask again, or ask in your client area that it be "
        "done when they end:\n{origin}",
    )
    ADDRESS_CHANGED = (
        "A request to erase your data stands",
        "The e-mail address of your account at {site} was changed on {at}, and a request to erase your data goes on. "
        "This message goes to both addresses.\n\nFollow it here:\n{link}\n\nIf it was not you, call it off and "
        "choose a new password now:\n{origin}/password/forgot",
    )
    CANCELLED = (
        "Your data will not be erased",
        "The erasure of your data at {site} was called off. You can ask for it again at any time.",
    )
    BLOCKED = (
        "The erasure of your data is suspended",
        "A service of yours at {site} is running again, so the erasure that you asked for waits until it ends. Call "
        "it off in your client area if you want to keep your account.\n\n{link}",
    )
    HELD = (
        "The erasure of your data waits",
        "The law obliges {site} to keep some of your data for now, so its erasure waits.\n\nWhat is kept: "
        "{fields}\nBecause of: {because}\nUntil: {until} at the latest\n\nThen the erasure goes on by itself. You "
        "may complain to the data protection authority of your country, or go to court.\n\n{link}",
    )
    HELD_RESTRICTED = (
        "Your data are kept while they are restricted",
        "Your last service at {site} has ended, but you had processing restricted, and may need your data for a "
        "claim (GDPR Art. 18(1)). So they are not erased while the restriction stands. End it in your client area, "
        "or ask for the erasure, and they are.\n\n{link}",
    )
    WARNING = (
        "Your data will be erased soon",
        "Your last service at {site} has ended, so your data will be erased on {due}. You need to do nothing. To "
        "keep your account, subscribe to a service before then.\n\n{link}",
    )
    ERASED = (
        "Your data has been erased",
        "Everything that {site} held about you has been erased, permanently. This message is the last one.\n\nThe "
        "signed certificate is here:\n{link}",
    )
