"""The e-mails about a change of the e-mail address: confirmation to the new one, warning to the old one (S8, R55)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class AddressChangeEmail(EmailTemplate):
    """The e-mails, each with subject and text in English and French. They contain neither address."""

    CONFIRM = (
        "Confirm this e-mail address",
        "Somebody, probably you, wants messages from $site to come to this address.\n\n"
        "Confirm it here within $minutes minutes:\n$link\n\nIf it was not you, do nothing.",
        "Confirmez cette adresse e-mail",
        "Quelqu'un, sans doute vous, souhaite recevoir les messages de $site à cette adresse.\n\n"
        "Confirmez-la ici dans les $minutes minutes :\n$link\n\nSi ce n'était pas vous, ne faites rien.",
    )
    ASKED = (
        "Another e-mail address was asked for",
        "On $at somebody signed in to your account at $site asked to have messages sent to another address. Nothing "
        "changes until that address is confirmed.\n\nIf it was not you, choose a new password now:\n"
        "$origin/password/forgot",
        "Une autre adresse e-mail a été demandée",
        "Le $at, quelqu'un de connecté à votre compte chez $site a demandé que les messages soient envoyés à une autre "
        "adresse. Rien ne change tant que cette adresse n'est pas confirmée.\n\nSi ce n'était pas vous, choisissez "
        "tout de suite un nouveau mot de passe :\n$origin/password/forgot",
    )
    CHANGED = (
        "Your e-mail address was changed",
        "The e-mail address of your account at $site was changed on $at. Everybody else who was signed in was signed "
        "out.\n\nIf it was not you, write to us at once.",
        "Votre adresse e-mail a été changée",
        "L'adresse e-mail de votre compte chez $site a été changée le $at. Toutes les autres sessions ont été "
        "fermées.\n\nSi ce n'était pas vous, écrivez-nous tout de suite.",
    )
