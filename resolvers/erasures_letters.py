"""The messages about erasing a customer's data."""

from __future__ import annotations

from resolvers.letters import Letter


class ErasureLetter(Letter):
    """What can be written; each with a subject and a text in English and in French."""

    ACCEPTED = (
        "We will erase your data",
        "You asked $site to erase your data. It will be done by $due at the latest, and not before $begin: until then "
        "you can call it off in your client area.\n\nFollow it here, also when you can no longer sign in:\n$link\n\n"
        "If it was not you, call it off and choose a new password now:\n$origin/password/forgot",
        "Vos données seront effacées",
        "Vous avez demandé à $site d'effacer vos données. Ce sera fait le $due au plus tard, et pas avant le $begin : "
        "jusque-là, vous pouvez annuler dans votre espace client.\n\nSuivez la demande ici, même lorsque vous ne "
        "pourrez plus vous connecter :\n$link\n\nSi ce n'était pas vous, annulez et choisissez tout de suite un "
        "nouveau mot de passe :\n$origin/password/forgot",
    )
    ARMED = (
        "We will erase your data when your services end",
        "You asked $site to erase your data as soon as your last service has ended. You can call it off until then."
        "\n\nFollow it here:\n$link",
        "Vos données seront effacées à la fin de vos services",
        "Vous avez demandé à $site d'effacer vos données dès la fin de votre dernier service. Vous pouvez annuler "
        "jusque-là.\n\nSuivez la demande ici :\n$link",
    )
    CANCELLED = (
        "Your data will not be erased",
        "The erasure of your data at $site was called off. You can ask for it again at any time.",
        "Vos données ne seront pas effacées",
        "L'effacement de vos données chez $site a été annulé. Vous pouvez le demander à nouveau à tout moment.",
    )
    BLOCKED = (
        "The erasure of your data is suspended",
        "A service of yours at $site is running again, so the erasure that you asked for waits until it ends. Call it "
        "off in your client area if you want to keep your account.\n\n$link",
        "L'effacement de vos données est suspendu",
        "L'un de vos services chez $site est de nouveau actif : l'effacement que vous avez demandé attend sa fin. "
        "Annulez-le dans votre espace client si vous souhaitez garder votre compte.\n\n$link",
    )
    HELD = (
        "The erasure of your data waits",
        "The law obliges $site to keep some of your data for now, so its erasure waits.\n\nWhat is kept: $fields\n"
        "Because of: $because\nUntil: $until at the latest\n\nThen the erasure goes on by itself. You may complain to "
        "the data protection authority of your country, or go to court.\n\n$link",
        "L'effacement de vos données attend",
        "La loi oblige $site à conserver certaines de vos données pour le moment ; leur effacement attend.\n\n"
        "Ce qui est conservé : $fields\nEn raison de : $because\nJusqu'au $until au plus tard\n\nL'effacement "
        "reprendra ensuite de lui-même. Vous pouvez saisir l'autorité de protection des données de votre pays, ou un "
        "tribunal.\n\n$link",
    )
    WARNING = (
        "Your data will be erased soon",
        "Your last service at $site has ended, so your data will be erased on $due. You need to do nothing. To keep "
        "your account, subscribe to a service before then.\n\n$link",
        "Vos données seront bientôt effacées",
        "Votre dernier service chez $site est terminé : vos données seront effacées le $due. Vous n'avez rien à faire. "
        "Pour garder votre compte, souscrivez un service d'ici là.\n\n$link",
    )
    ERASED = (
        "Your data has been erased",
        "Everything that $site held about you has been erased, permanently. This message is the last one.\n\n"
        "The signed certificate is here:\n$link",
        "Vos données ont été effacées",
        "Tout ce que $site détenait à votre sujet a été effacé, définitivement. Ce message est le dernier.\n\n"
        "Le certificat signé se trouve ici :\n$link",
    )
