"""The e-mails to registrants, who may be other persons than the customer (R52; GDPR Art. 14)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class RegistrantEmail(EmailTemplate):
    """The e-mails, each with subject and text in English and French."""

    CONFIRM = (
        "Are you the owner of a domain?",
        "A customer of $site named this address as the one of the owner of a domain. Nothing is published about you, "
        "and nothing else is sent to you, unless you say that this is so.\n\nSee here within $days days which domain "
        "it is, and say yes or no:\n$link\n\nIf it means nothing to you, do nothing.",
        "Êtes-vous titulaire d'un domaine ?",
        "Un client de $site a indiqué cette adresse comme celle du titulaire d'un domaine. Rien n'est publié à votre "
        "sujet, et rien d'autre ne vous est envoyé, tant que vous ne l'avez pas confirmé.\n\nVoyez ici dans les $days "
        "jours de quel domaine il s'agit, et répondez oui ou non :\n$link\n\nSi cela ne vous dit rien, ne faites rien.",
    )
    NOTICE = (
        "You are registered as the owner of a domain",
        "A customer of $site ordered the domain $domain and gave us your details as its owner: your name, "
        "and of your address, e-mail address and phone what was known to them. They are used for one thing: "
        "to register the domain. The registry ($registry) receives what it requires, or what may be shown, "
        "and publishes it; nobody else does.\n\nThey are kept as long as the customer keeps the domain. What "
        "we hold, what is shown of it and to whom it went, you can see and take along here; there you can "
        "also ask to be erased as an owner:\n$origin/registrant\n\nFor anything else, to have a detail put "
        "right or to object, answer this message. You may also complain to the data protection authority of "
        "your country.",
        "Vous êtes inscrit comme titulaire d'un domaine",
        "Un client de $site a commandé le domaine $domain et nous a indiqué vos coordonnées comme titulaire "
        ": votre nom et, de votre adresse, de votre e-mail et de votre téléphone, ce qu'il connaissait. "
        "Elles servent à une seule chose : enregistrer le domaine. Le registre ($registry) reçoit ce qu'il "
        "exige, ou ce qui peut être montré, et le publie ; personne d'autre ne les reçoit.\n\nElles sont "
        "conservées tant que le client garde le domaine. Ce que nous détenons, ce qui en est montré et à qui "
        "cela a été transmis, vous pouvez le voir et l'emporter ici ; vous pouvez aussi y demander votre "
        "effacement comme titulaire :\n$origin/registrant\n\nPour toute autre question, faire rectifier une "
        "donnée ou vous opposer, répondez à ce message. Vous pouvez aussi adresser une réclamation à "
        "l'autorité de protection des données de votre pays.",
    )
    REPLACED = (
        "You are no longer the owner of a domain",
        "The owner of the domain $domain was changed by the customer of $site who keeps it, on $at. Your "
        "details as its owner are no longer held.\n\nIf that should not be, answer this message at once.",
        "Vous n'êtes plus titulaire d'un domaine",
        "Le titulaire du domaine $domain a été changé par le client de $site qui le gère, le $at. Vos "
        "coordonnées de titulaire ne sont plus détenues.\n\nSi cela ne devait pas être, répondez tout de suite "
        "à ce message.",
    )
    LINK = (
        "What we hold about you as the owner of a domain",
        "Somebody, probably you, asked what $site holds about you as the owner of the domain $domain.\n\nSee "
        "it here within $minutes minutes:\n$link\n\nIf it was not you, do nothing.",
        "Ce que nous détenons à votre sujet comme titulaire d'un domaine",
        "Quelqu'un, sans doute vous, a demandé ce que $site détient à votre sujet comme titulaire du domaine "
        "$domain.\n\nVoyez-le ici dans les $minutes minutes :\n$link\n\nSi ce n'était pas vous, ne faites rien.",
    )
    WAITS = (
        "Your details will be erased when the domain ends",
        "You asked on $at to be erased as the owner of the domain $domain. As long as it is registered its "
        "owner has to be known, so your details stay until it ends, and are then erased at once. What the "
        "registry does not require is hidden from now on.\n\nIf it was not you, call it off here: "
        "$origin/registrant",
        "Vos coordonnées seront effacées à la fin du domaine",
        "Vous avez demandé le $at votre effacement comme titulaire du domaine $domain. Tant qu'il est "
        "enregistré, son titulaire doit être connu : vos coordonnées restent jusqu'à sa fin, puis sont "
        "aussitôt effacées. Ce que le registre n'exige pas est masqué dès maintenant.\n\nSi ce n'était pas "
        "vous, annulez ici : $origin/registrant",
    )
    ERASED = (
        "Your details as the owner of a domain were erased",
        "As you asked, your details as the owner of the domain $domain were erased by $site on $at. This "
        "message is the last one.",
        "Vos coordonnées de titulaire d'un domaine ont été effacées",
        "Comme vous l'aviez demandé, vos coordonnées de titulaire du domaine $domain ont été effacées par "
        "$site le $at. Ce message est le dernier.",
    )
