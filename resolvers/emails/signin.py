"""The e-mails about sign-in, and about exports."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class SignInEmail(EmailTemplate):
    """The e-mails, each with a subject and a text."""

    PASSWORD_RESET = (
        "Choose a new password",
        "Somebody, probably you, asked for a new password for your {platform} at {site}.\n\nChoose it here within "
        "{minutes}:\n{link}\n\nIf it was not you, do nothing: your password stays as it is.",
    )
    INVITATION = (
        "Choose a password for your account",
        "Your account at {site} has a {platform}, and no password yet.\n\nChoose one here within {days}:\n{link}\n\n"
        "Later, ask for another link here: {origin}/password/forgot",
    )
    PASSWORD_CHANGED = (
        "Your password was changed",
        "The password of your {platform} at {site} was changed on {at}. Everybody else who was signed in there was "
        "signed out.\n\nIf it was not you, choose a new password now:\n{origin}/password/forgot",
    )
    CREDENTIAL_ADDED = (
        "A sign-in was set up",
        "A sign-in to your {platform} at {site} was set up on {at}, with a password of its own.\n\nIf it was not you, "
        "choose new passwords for all of your services now:\n{origin}/password/forgot",
    )
    UNUSUAL_SIGN_IN = (
        "An unusual sign-in",
        "Your {platform} at {site} was entered in an unusual way on {at}:\n\n  {device}\n  {place}\n\nIf it was you, "
        "there is nothing to do. If it was not you, end it here; you will then choose a new password:\n{link}",
    )
    ALARM_RAISED = (
        "Everybody was signed out",
        "You said that a sign-in to your {platform} at {site} was not yours. Everybody was signed out, and the old "
        "password opens nothing any more.\n\nChoose a new one within {minutes}:\n{link}\n\nLater, ask for another "
        "link here: {origin}/password/forgot",
    )
    FACTOR_ADDED = (
        "Two-step sign-in: something was added",
        "A second factor was added to your {platform} at {site} on {at}.\n\nIf it was not you, choose a new password "
        "now, then remove it:\n{origin}/password/forgot",
    )
    FACTOR_REMOVED = (
        "Two-step sign-in: something was removed",
        "A second factor was removed from your {platform} at {site} on {at}.\n\nIf it was not you, choose a new "
        "password now:\n{origin}/password/forgot",
    )
    EXPORT_READY = (
        "Your data is ready to fetch",
        "Everything that {site} holds about you is ready. Sign in to your {platform} to fetch it until "
        "{until}:\n{origin}/\n\nIf you did not ask for it, choose a new password now:\n{origin}/password/forgot",
    )
    RECOVERY_CODE_USED = (
        "A recovery code was used",
        "A recovery code opened your {platform} at {site} on {at}. You have {left} left.\n\nIf it was not you, "
        "choose a new password now:\n{origin}/password/forgot",
    )
