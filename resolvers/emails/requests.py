"""The e-mails about requests that people of ours handle (GDPR Art. 12(3), (4))."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class RequestEmail(EmailTemplate):
    """Each with a subject and a text."""

    RECEIVED = (
        "Your request was received",
        "{site} received your request: {kind}\n\nYou will have an answer by {due}. You see it, with its state, in your "
        "client area:\n{origin}/",
    )
    PAUSED = (
        "Your request waits for you",
        "{site} received your request: {kind}\n\nTo go on we need something of you: {because}\n\nUntil then the time "
        "for the answer stands still (GDPR Art. 12(6)).",
    )
    EXTENDED = (
        "Your request takes longer",
        "{site} received your request: {kind}\n\nIt takes longer than a month: {because}\n\nYou will have an answer by "
        "{due} (GDPR Art. 12(3)).\n\n{remedy}",
    )
    DECLINED = (
        "Your request was refused",
        "{site} received your request: {kind}\n\nIt is refused: {because}\n\n{remedy}",
    )
    ANSWERED = (
        "Your request was answered",
        "{site} received your request: {kind}\n\nThe answer: {because}\n\n{remedy}",
    )
