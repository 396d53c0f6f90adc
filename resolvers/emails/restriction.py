"""The e-mails about restrictions and objections (GDPR Art. 12(3) and (4), 18(3), 21)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class RightsEmail(EmailTemplate):
    """Each with a subject and a text."""

    RESTRICTED = (
        "Your data are restricted",
        "Since {at}, {site} stores your data and does nothing else with them, but for legal claims, and for what you "
        "do yourself in your client area (GDPR Art. 18). Those who received your data are told. You can end it in "
        "your client area at any time; we end it only after we have written to you.\n\nIf it was not you, choose a "
        "new password now:\n{origin}/password/forgot",
    )
    LIFTING = (
        "The restriction of your data will be lifted",
        "The restriction of your data at {site} will be lifted, three days after this message at the "
        "earliest.\n\nThe reason: {because}\n\n{remedy}",
    )
    LIFTED = (
        "The restriction of your data has ended",
        "Since {at}, {site} uses your data again for the purposes of its privacy notice. Those who were told of the "
        "restriction are told of its end.\n\nIf you did not expect this, choose a new password "
        "now:\n{origin}/password/forgot",
    )
    OBJECTED = (
        "Your objection was received",
        "On {at} you objected to this use of your data by {site}: {purpose}\n\nIt stands still from now on, and you "
        "will have an answer by {due}.",
    )
    OBJECTED_GOES_ON = (
        "Your objection was received",
        "On {at} you objected to this use of your data by {site}: {purpose}\n\nIt goes on until it is decided, as it "
        "protects the rights of others and your own (GDPR Art. 18(2)). You will have an answer by {due}.",
    )
    UPHELD = (
        "Your objection holds",
        "{site} does not use your data for this any more: {purpose}\n\nYou can take your objection back in your "
        "client area.",
    )
    OVERRIDDEN = (
        "Your objection cannot be followed",
        "You objected to this use of your data by {site}: {purpose}\n\nThere are compelling grounds for it (GDPR "
        "Art. 21(1)): {because}\n\nIt goes on once this message has reached you, three days later at the "
        "earliest.\n\n{remedy}",
    )
