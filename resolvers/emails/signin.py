"""The e-mails about sign-in, and about exports."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class SignInEmail(EmailTemplate):
    """The e-mails, each with subject and text in English and French."""

    PASSWORD_RESET = (
        "Choose a new password",
        "Somebody, probably you, asked for a new password for your $platform at $site.\n\n"
        "Choose it here within $minutes minutes:\n$link\n\n"
        "If it was not you, do nothing: your password stays as it is.",
        "Choisissez un nouveau mot de passe",
        "Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour votre $platform chez $site.\n\n"
        "Choisissez-le ici dans les $minutes minutes :\n$link\n\n"
        "Si ce n'était pas vous, ne faites rien : votre mot de passe reste inchangé.",
    )
    PASSWORD_CHANGED = (
        "Your password was changed",
        "The password of your $platform at $site was changed on $at. Everybody else who was signed in there was signed "
        "out.\n\nIf it was not you, choose a new password now:\n$origin/password/forgot",
        "Votre mot de passe a été changé",
        "Le mot de passe de votre $platform chez $site a été changé le $at. Toutes les autres sessions ouvertes y ont "
        "été fermées.\n\nSi ce n'était pas vous, choisissez tout de suite un nouveau mot de passe :\n"
        "$origin/password/forgot",
    )
    UNUSUAL_SIGN_IN = (
        "An unusual sign-in",
        "Your $platform at $site was entered in an unusual way on $at:\n\n  $device\n  $place\n\n"
        "If it was you, there is nothing to do. If it was not you, end it here; you will then choose a new password:\n"
        "$link",
        "Une connexion inhabituelle",
        "Une connexion inhabituelle à votre $platform chez $site a eu lieu le $at :\n\n  $device\n  $place\n\n"
        "Si c'était vous, il n'y a rien à faire. Sinon, mettez-y fin ici ; vous choisirez ensuite un nouveau mot de "
        "passe :\n$link",
    )
    ALARM_RAISED = (
        "Everybody was signed out",
        "You said that a sign-in to your $platform at $site was not yours. Everybody was signed out, and the old "
        "password opens nothing any more.\n\nChoose a new one within $minutes minutes:\n$link\n\n"
        "Later, ask for another link here: $origin/password/forgot",
        "Toutes les sessions ont été fermées",
        "Vous avez signalé qu'une connexion à votre $platform chez $site n'était pas la vôtre. Toutes les sessions "
        "ont été fermées, et l'ancien mot de passe n'ouvre plus rien.\n\nChoisissez-en un nouveau dans les $minutes "
        "minutes :\n$link\n\nPlus tard, demandez un autre lien ici : $origin/password/forgot",
    )
    FACTOR_ADDED = (
        "Two-step sign-in: something was added",
        "A second factor was added to your $platform at $site on $at.\n\nIf it was not you, choose a new password now, "
        "then remove it:\n$origin/password/forgot",
        "Connexion en deux étapes : un ajout",
        "Un second facteur a été ajouté à votre $platform chez $site le $at.\n\nSi ce n'était pas vous, choisissez "
        "tout de suite un nouveau mot de passe, puis supprimez-le :\n$origin/password/forgot",
    )
    FACTOR_REMOVED = (
        "Two-step sign-in: something was removed",
        "A second factor was removed from your $platform at $site on $at.\n\nIf it was not you, choose a new password "
        "now:\n$origin/password/forgot",
        "Connexion en deux étapes : une suppression",
        "Un second facteur a été supprimé de votre $platform chez $site le $at.\n\nSi ce n'était pas vous, choisissez "
        "tout de suite un nouveau mot de passe :\n$origin/password/forgot",
    )
    EXPORT_READY = (
        "Your data is ready to fetch",
        "Everything that $site holds about you is ready. Sign in to your $platform to fetch it until $until:\n"
        "$origin/\n\nIf you did not ask for it, choose a new password now:\n$origin/password/forgot",
        "Vos données sont prêtes",
        "Tout ce que $site détient à votre sujet est prêt. Connectez-vous à votre $platform pour le télécharger "
        "jusqu'au $until :\n$origin/\n\nSi vous ne l'avez pas demandé, choisissez tout de suite un nouveau mot de "
        "passe :\n$origin/password/forgot",
    )
    RECOVERY_CODE_USED = (
        "A recovery code was used",
        "A recovery code opened your $platform at $site on $at. You have $left left.\n\nIf it was not you, choose a "
        "new password now:\n$origin/password/forgot",
        "Un code de secours a été utilisé",
        "Un code de secours a ouvert votre $platform chez $site le $at. Il vous en reste $left.\n\nSi ce n'était pas "
        "vous, choisissez tout de suite un nouveau mot de passe :\n$origin/password/forgot",
    )
