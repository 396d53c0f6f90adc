"""The e-mails about a change of the e-mail address: confirmation to the new one, warning to the old one (S8, R55)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class AddressChangeEmail(EmailTemplate):
    """Each with a subject and a text; the addresses stand in none of them."""

    CONFIRM = (
        "Confirm this e-mail address",
        "Somebody, probably you, wants messages from {site} to come to this address.\n\nConfirm it here within "
        "{minutes}:\n{link}\n\nIf it was not you, do nothing.",
    )
    ASKED = (
        "Another e-mail address was asked for",
        "On {at} somebody signed in to your account at {site} asked to have messages sent to another address. "
        "Nothing changes until that address is confirmed.\n\nIf it was not you, choose a new password "
        "now:\n{origin}/password/forgot",
    )
    CHANGED = (
        "Your e-mail address was changed",
        "The e-mail address of your account at {site} was changed on {at}. Everybody else who was signed in was "
        "signed out.\n\nIf it was not you, write to us at once.",
    )
