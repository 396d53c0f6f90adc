"""The e-mail about a disclosure to an authority, sent once it may be (R24)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate


class LegalEmail(EmailTemplate):
    """The e-mail, with subject and text in English and French. It lists the disclosed fields without values."""

    ANSWERED = (
        "An authority received data about you",
        "$authority ($country) demanded data about you from $site by a binding order, on the ground of $ground. On "
        "$day exactly these fields were disclosed, of those that the order names:\n\n$fields\n\nIts reference is "
        "$reference. You see this disclosure, with all others, in your account:\n$origin/\n\nIf you want to object to "
        "the order, turn to the authority that gave it.",
        "Une autorité a reçu des données qui vous concernent",
        "$authority ($country) a exigé de $site des données vous concernant par un ordre contraignant, fondé sur "
        "$ground. Le $day, exactement ces champs ont été communiqués, parmi ceux que nomme l'ordre :\n\n$fields\n\n"
        "Sa référence est $reference. Vous voyez cette communication, avec toutes les autres, dans votre compte :\n"
        "$origin/\n\nPour contester l'ordre, adressez-vous à l'autorité qui l'a donné.",
    )
