"""The e-mails about restrictions and objections (GDPR Art. 12(3) and (4), 18(3), 21)."""

from __future__ import annotations

from resolvers.emails.emails import EmailTemplate

_REMEDY = "You may complain to the data protection authority of your country (GDPR Art. 77), or go to court (Art. 79)."
_RECOURS = (
    "Vous pouvez saisir l'autorité de protection des données de votre pays (RGPD art. 77), ou un tribunal (art. 79)."
)


class RightsEmail(EmailTemplate):
    """The e-mails, each with subject and text in English and French."""

    RESTRICTED = (
        "Your data are restricted",
        "Since $at, $site stores your data and does nothing else with them, but for legal claims, and for what you do "
        "yourself in your client area (GDPR Art. 18). Those who received your data are told. You can end it in your "
        "client area at any time; we end it only after we have written to you.\n\nIf it was not you, choose a new "
        "password now:\n$origin/password/forgot",
        "Vos données sont limitées",
        "Depuis le $at, $site conserve vos données et n'en fait rien d'autre, hormis des droits en justice et ce que "
        "vous faites vous-même dans votre espace client (RGPD art. 18). Ceux qui ont reçu vos données sont informés. "
        "Vous pouvez y mettre fin à tout moment dans votre espace client ; nous n'y mettons fin qu'après vous avoir "
        "écrit.\n\nSi ce n'était pas vous, choisissez tout de suite un nouveau mot de passe :\n$origin/password/forgot",
    )
    LIFTING = (
        "The restriction of your data will be lifted",
        "The restriction of your data at $site will be lifted, three days after this message at the earliest.\n\n"
        "The reason: $because\n\n" + _REMEDY,
        "La limitation de vos données sera levée",
        "La limitation de vos données chez $site sera levée, au plus tôt trois jours après ce message.\n\n"
        "Le motif : $because\n\n" + _RECOURS,
    )
    LIFTED = (
        "The restriction of your data has ended",
        "Since $at, $site uses your data again for the purposes of its privacy notice. Those who were told of the "
        "restriction are told of its end.\n\nIf you did not expect this, choose a new password now:\n"
        "$origin/password/forgot",
        "La limitation de vos données a pris fin",
        "Depuis le $at, $site utilise de nouveau vos données pour les finalités de sa déclaration de confidentialité. "
        "Ceux qui avaient été informés de la limitation sont informés de sa fin.\n\nSi vous ne vous y attendiez pas, "
        "choisissez tout de suite un nouveau mot de passe :\n$origin/password/forgot",
    )
    OBJECTED = (
        "Your objection was received",
        "On $at you objected to this use of your data by $site: $purpose\n\nIt stands still from now on, and you will "
        "have an answer by $due.",
        "Votre opposition a été reçue",
        "Le $at, vous vous êtes opposé à cette utilisation de vos données par $site : $purpose\n\nElle est suspendue "
        "dès maintenant, et vous aurez une réponse d'ici le $due.",
    )
    OBJECTED_GOES_ON = (
        "Your objection was received",
        "On $at you objected to this use of your data by $site: $purpose\n\nIt goes on until it is decided, as it "
        "protects the rights of others and your own (GDPR Art. 18(2)). You will have an answer by $due.",
        "Votre opposition a été reçue",
        "Le $at, vous vous êtes opposé à cette utilisation de vos données par $site : $purpose\n\nElle se poursuit "
        "jusqu'à la décision, car elle protège les droits d'autrui et les vôtres (RGPD art. 18(2)). Vous aurez une "
        "réponse d'ici le $due.",
    )
    UPHELD = (
        "Your objection holds",
        "$site does not use your data for this any more: $purpose\n\nYou can take your objection back in your client "
        "area.",
        "Votre opposition est admise",
        "$site n'utilise plus vos données à cette fin : $purpose\n\nVous pouvez retirer votre opposition dans votre "
        "espace client.",
    )
    OVERRIDDEN = (
        "Your objection cannot be followed",
        "You objected to this use of your data by $site: $purpose\n\nThere are compelling grounds for it (GDPR Art. "
        "21(1)): $because\n\nIt goes on once this message has reached you, three days later at the earliest.\n\n"
        + _REMEDY,
        "Votre opposition ne peut pas être suivie",
        "Vous vous êtes opposé à cette utilisation de vos données par $site : $purpose\n\nDes motifs impérieux la "
        "justifient (RGPD art. 21(1)) : $because\n\nElle reprend lorsque ce message vous est parvenu, au plus tôt "
        "trois jours après.\n\n" + _RECOURS,
    )
