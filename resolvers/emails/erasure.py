"""The e-mails about the erasure of a customer's data."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class ErasureEmail(EmailTemplate):
    """The e-mails, each with subject and text in English and French."""

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
        "You asked $site to erase your data as soon as your last service has ended. You can call it off until then. "
        "What rests on your consent, or what you can object to, is erased already: kept cards, news, the measuring of "
        "visits, your phone number.\n\n$stays\n\nFollow it here:\n$link",
        "Vos données seront effacées à la fin de vos services",
        "Vous avez demandé à $site d'effacer vos données dès la fin de votre dernier service. Vous pouvez annuler "
        "jusque-là. Ce qui repose sur votre consentement, ou à quoi vous pouvez vous opposer, est déjà effacé : cartes "
        "conservées, nouvelles, mesure des visites, téléphone.\n\n$stays\n\nSuivez la demande ici :\n$link",
    )
    REFUSED = (
        "Not all of your data can be erased yet",
        "On $at you asked $site to erase your data. What rests on your consent, or what you can object to, was erased "
        "at once: kept cards, news, the measuring of visits, your phone number. The rest was not, as services of yours "
        "are running.\n\n$stays\n\nEnd your services and ask again, or ask in your client area that it be done when "
        "they end:\n$origin",
        "Vos données ne peuvent pas encore toutes être effacées",
        "Le $at, vous avez demandé à $site d'effacer vos données. Ce qui repose sur votre consentement, ou à quoi vous "
        "pouvez vous opposer, a été effacé aussitôt : cartes conservées, nouvelles, mesure des visites, téléphone. Le "
        "reste ne l'a pas été, car des services sont actifs.\n\n$stays\n\nTerminez vos services et demandez à nouveau, "
        "ou demandez dans votre espace client que ce soit fait à leur fin :\n$origin",
    )
    ADDRESS_CHANGED = (
        "A request to erase your data stands",
        "The e-mail address of your account at $site was changed on $at, and a request to erase your data goes on. "
        "This message goes to both addresses.\n\nFollow it here:\n$link\n\nIf it was not you, call it off and choose a "
        "new password now:\n$origin/password/forgot",
        "Une demande d'effacement de vos données est en cours",
        "L'adresse e-mail de votre compte chez $site a été changée le $at, et une demande d'effacement de vos données "
        "suit son cours. Ce message va aux deux adresses.\n\nSuivez la demande ici :\n$link\n\nSi ce n'était pas vous, "
        "annulez-la et choisissez tout de suite un nouveau mot de passe :\n$origin/password/forgot",
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
    HELD_RESTRICTED = (
        "Your data are kept while they are restricted",
        "Your last service at $site has ended, but you had processing restricted, and may need your data for a claim "
        "(GDPR Art. 18(1)). So they are not erased while the restriction stands. End it in your client area, or ask "
        "for the erasure, and they are.\n\n$link",
        "Vos données sont conservées tant qu'elles sont limitées",
        "Votre dernier service chez $site est terminé, mais vous avez fait limiter le traitement, et vos données "
        "peuvent vous servir à faire valoir un droit (RGPD art. 18(1)). Elles ne sont donc pas effacées tant que dure "
        "la limitation. Mettez-y fin dans votre espace client, ou demandez l'effacement, et elles le seront.\n\n$link",
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
