"""The words of the page that shows an export, in English and French."""

from typing import Final

SAY: Final = {
    "en": {
        "title": "Everything {site} holds about you",
        "lead": (
            "Made on {made}. Each section is one kind of record; beside the values stand their category, what they are "
            "used for, who else may receive them, how long they are kept and where they came from."
        ),
        "rights": (
            "You can change your data at any time, take back consents, object, have it erased, and complain to the "
            "data protection authority."
        ),
        "transfers": "To whom data about you went, and in which country they are:",
        "contents": "Contents",
        "kept": "How long it is kept:",
        "meaning": "What each field means, and what it is used for",
        "field": "Field",
        "category": "Kind of data",
        "purposes": "Used for",
        "recipients": "May be given to",
        "retention": "Kept",
        "origin": "Where it came from",
        "nobody": "Nobody else.",
        "none": "Nothing is held.",
        "counted": "Records: {count}. They work for you and have nothing to read.",
        "apart": "Keys and keyed marks against misuse: such may be held, no way leads from you to them.",
        "yes": "yes",
        "no": "no",
        "damaged": "This value is damaged and cannot be read.",
        "end": "This is the end of the export.",
    },
    "fr": {
        "title": "Tout ce que {site} détient à votre sujet",
        "lead": (
            "Établi le {made}. Chaque section correspond à un type d'enregistrement ; à côté des valeurs figurent leur "
            "catégorie, leur utilisation, leurs destinataires possibles, leur durée de conservation et leur origine."
        ),
        "rights": (
            "Vous pouvez à tout moment modifier vos données, retirer un consentement, vous opposer, demander "
            "l'effacement, et saisir l'autorité de protection des données."
        ),
        "transfers": "À qui des données vous concernant ont été transmises, et dans quel pays :",
        "contents": "Sommaire",
        "kept": "Durée de conservation :",
        "meaning": "Ce que signifie chaque champ, et à quoi il sert",
        "field": "Champ",
        "category": "Type de donnée",
        "purposes": "Sert à",
        "recipients": "Peut être transmis à",
        "retention": "Conservé",
        "origin": "Origine",
        "nobody": "Personne d'autre.",
        "none": "Rien n'est détenu.",
        "counted": "Enregistrements : {count}. Ils servent au fonctionnement et n'ont rien à lire.",
        "apart": (
            "Des clés et des marques à clé contre les abus : il peut y en avoir, mais rien ne mène de vous à elles."
        ),
        "yes": "oui",
        "no": "non",
        "damaged": "Cette valeur est endommagée et ne peut être lue.",
        "end": "Fin de l'export.",
    },
}

TITLES: Final = {
    "customers": ("Your profile", "Votre profil"),
    "services": ("Services", "Services"),
    "domains": ("Domain names", "Noms de domaine"),
    "invoices": ("Invoices", "Factures"),
    "payment_methods": ("Payment methods", "Moyens de paiement"),
    "card_vault": ("Stored cards", "Cartes conservées"),
    "consents": ("Consents", "Consentements"),
    "cookie_choices": ("Cookie choice", "Choix des cookies"),
    "credentials": ("Sign-ins and passwords", "Identifiants et mots de passe"),
    "second_factors": ("Second factors", "Seconds facteurs"),
    "passkeys": ("Passkeys", "Clés d'accès"),
    "sign_ins": ("Accesses to your platforms", "Accès à vos plateformes"),
    "sessions": ("Sessions", "Sessions"),
    "disclosures": ("Who else received your data", "Qui d'autre a reçu vos données"),
    "erasures": ("Erasures", "Effacements"),
    "exports": ("Exports", "Exports"),
    "accesses": ("Who read your data, and why", "Qui a lu vos données, et pourquoi"),
    "known_devices": ("Known devices", "Appareils connus"),
    "oauth_consents": ("Apps that you allowed", "Applications autorisées"),
    "oauth_families": ("Apps that are signed in", "Applications connectées"),
    "lookup_changes": ("Values to be found in another spelling", "Valeurs à retrouver sous une autre graphie"),
    "lookups": ("Marks by which you are found", "Marques par lesquelles on vous trouve"),
    "erasure_letters": ("Letters about an erasure", "Lettres au sujet d'un effacement"),
    "erasure_recipients": ("Who is told to erase, too", "À qui l'effacement est demandé aussi"),
    "erasure_steps": ("Steps of an erasure", "Étapes d'un effacement"),
    "command_keys": ("Marks of requests", "Marques de demandes"),
    "guesses": ("Marks of failed attempts", "Marques de tentatives échouées"),
    "revocations": ("What no token may rest on any more", "Ce sur quoi aucun jeton ne repose plus"),
    "slowdowns": ("Marks of failures that slow down", "Marques d'échecs qui ralentissent"),
    "subject_keys": ("Your data key", "Votre clé de données"),
    "used_values": ("Marks of what works once", "Marques de ce qui ne sert qu'une fois"),
    "outbox": ("Messages on their way", "Messages en cours d'envoi"),
}
"""Titles of the sections in English and French; a section without one is shown by its name."""


def titled(name: str, language: str) -> str:
    """Return the title of a section."""
    english, french = TITLES.get(name, (name.replace("_", " ").capitalize(),) * 2)
    return french if language == "fr" else english
