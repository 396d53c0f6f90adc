"""The French sentences of the catalogues, for texts shown to people; a row that is not here is shown in English."""

from typing import Final

from policy.rows import Row

WORDS: Final = {
    "Category": {
        "NAME": "Prénom et nom d'une personne.",
        "POSTAL_ADDRESS": "Une adresse postale entière.",
        "STREET": "Rue et numéro d'une adresse.",
        "CITY": "Ville d'une adresse.",
        "POSTAL_CODE": "Code postal d'une adresse.",
        "REGION": "Canton, département ou région d'une adresse.",
        "COUNTRY": "Pays d'une adresse.",
        "EMAIL": "Une adresse e-mail.",
        "PHONE": "Un numéro de téléphone.",
        "LOGIN_NAME": "Le nom avec lequel un client s'identifie.",
        "PASSWORD": "Un mot de passe, conservé uniquement sous forme d'empreinte lente et salée.",
        "AUTH_FACTOR": "Un second facteur d'identification.",
        "IP_ADDRESS": "L'adresse internet d'une connexion.",
        "ACCESS_HISTORY": "Quand, d'où et comment un client s'est connecté.",
        "COARSE_LOCATION": "Le pays d'une connexion, déduit de son adresse internet.",
        "PAYMENT_METHOD": "Comment un client paie.",
        "CARD_NUMBER": "Un numéro de carte, ou une partie.",
        "CARD_EXPIRY": "Le mois où une carte expire.",
        "CARD_BRAND": "La marque d'une carte.",
        "TRANSACTION": "Une facture ou un paiement.",
        "SUBSCRIPTION": "Un service qu'un client a ou avait.",
        "PREFERENCE": "Un choix sur la vie privée ou la communication.",
        "COOKIE_ID": "Un identifiant conservé dans un cookie.",
        "BROWSING": "Pages visitées sur notre site.",
        "CUSTOMER_ID": "Un numéro qui désigne un client.",
        "SUBJECT_PSEUDONYM": "Un nom pour un client, qui disparaît avec la clé du client.",
    },
    "Purpose": {
        "SERVICE_PROVISION": "Fournir les services souscrits par le client.",
        "SERVICE_COMMUNICATION": "Écrire au client au sujet des services souscrits.",
        "PERSONALISE_COMMUNICATION": "S'adresser au client par son nom dans les messages.",
        "INVOICING": "Établir et envoyer les factures.",
        "PRODUCT_NEWS": "Envoyer des nouvelles de nos services ; peut être désactivé.",
        "EMERGENCY_CONTACT": "Appeler le client, uniquement en cas d'urgence.",
        "AUTHENTICATION": "Permettre au client de se connecter en sécurité.",
        "ACCOUNT_SECURITY": "Détecter une connexion depuis un lieu inhabituel.",
        "SELF_PROTECTION": "Montrer au client les cinq recommandations de sécurité et leur état.",
        "PAYMENT_EXECUTION": "Payer un service avec le moyen choisi par le client.",
        "CARD_ON_FILE": "Conserver le numéro de carte pour faciliter les paiements suivants.",
        "PARTNER_EXECUTION": "Transmettre les seules données nécessaires à un partenaire tenu à la confidentialité.",
        "DOMAIN_REGISTRATION": "Enregistrer un domaine et laisser le registre publier les données qu'il exige.",
        "LEGAL_REQUEST": "Répondre à la demande contraignante d'une autorité.",
        "COOKIE_MEASUREMENT": "Mesurer l'usage du site pour en améliorer le contenu.",
        "COOKIE_ESSENTIAL": "Maintenir la session et retenir le choix des cookies.",
        "SELF_SERVICE": "Permettre au client de lire, modifier et exporter ses propres données.",
        "ERASURE": "Supprimer les données du client et garder une preuve qui n'en contient aucune.",
        "ACCOUNTABILITY_LOG": "Enregistrer qui a lu quel champ, quand et pourquoi.",
        "STATUTORY_RETENTION": "Conserver les pièces comptables que la loi impose ; inactif sans configuration.",
    },
    "RetentionRule": {
        "CUSTOMER_LIFE": (
            "Tant que le client a un service ; supprimé dans les 30 jours sur demande, sinon 6 mois après la fin du"
            " dernier service."
        ),
        "CARD_CONSENT": "Tant que le client autorise la conservation ; supprimé dès le retrait du consentement.",
        "SIGN_IN_RECORDS": "6 mois après chaque connexion, et jamais au-delà de l'effacement du client.",
        "SESSION_RECORDS": "6 mois après la fin de la session, et jamais au-delà de l'effacement du client.",
        "CONSENT_RECORDS": "Les consentements et retraits servent de preuve jusqu'à l'effacement du client.",
        "CHANGE_RECORDS": "Les champs modifiés et leur date, 12 mois et jamais au-delà de l'effacement du client.",
        "COMMAND_KEYS": "La clé d'une modification, un jour : une demande répétée ne change rien deux fois.",
        "COOKIE_CHOICE": "6 mois après le choix, puis nous reposons la question.",
        "DISCLOSURE_RECORDS": "Ce qui a été transmis, et à qui, est conservé jusqu'à l'effacement du client.",
        "RIGHTS_RECORDS": "Limitations, oppositions et réponses des destinataires, jusqu'à l'effacement du client.",
        "ERASURE_RECORDS": "La preuve d'un effacement est gardée tant qu'une sauvegarde pourrait le défaire.",
        "LEDGER": "Qui a lu quoi et pourquoi : 12 mois, sous un pseudonyme qui disparaît avec la clé du client.",
        "OUTBOX": "30 jours après l'envoi ou l'abandon, et jamais au-delà de l'effacement du client.",
        "LEGAL_HOLDS": "Un ordre de conservation est gardé tant qu'il vaut, puis comme les autres données du client.",
        "EXPORTS": "Un export peut être téléchargé pendant 7 jours, jamais au-delà de l'effacement du client.",
        "READING_COUNTS": "Combien de clients un programme lit est compté à l'heure, sans désigner personne.",
        "KEYS": "La clé d'un client est détruite à son effacement.",
        "PAPERS": "Chaque avis et registre publié est conservé, puisqu'il dit ce qui valait alors.",
        "REFUSAL_COUNTS": "Ce qui a été refusé à un programme est compté par jour, 12 mois, sans désigner personne.",
        "NOT_STORED": "Utilisé pour répondre à la demande qui l'apporte, et non conservé.",
        "CLIENT_REGISTRATION": "L'enregistrement d'un programme est conservé jusqu'à ce que l'exploitant le supprime.",
    },
    "Recipient": {
        "PAYMENT_AFFILIATE": "Une entreprise affiliée au moyen de paiement choisi par le client.",
        "AUTHORITY": "Un tribunal ou une autre autorité, sur demande contraignante.",
        "REGISTRY": "Le registre responsable de l'extension d'un nom de domaine.",
        "PARTNER": "Une entreprise qui exécute une partie du contrat pour nous.",
    },
    "Origin": {
        "GIVEN": "Vous nous l'avez donné.",
        "OBSERVED": "Enregistré lorsque vous avez utilisé nos services.",
        "DERIVED": "Nous l'avons déduit d'autres données.",
        "MADE": "Nous l'avons établi pour exécuter le contrat ou la loi.",
    },
}
"""By catalogue and row."""
FILE: Final = "policy/french.py"


def translated(row: Row, language: str) -> str:
    """Return the sentence of a row in a language (`en`, `fr`)."""
    return translation(row, language) or row.text


def translation(row: Row, language: str) -> str | None:
    """Return the sentence in a language other than English, if there is one."""
    return WORDS.get(type(row).__name__, {}).get(row.name) if language == "fr" else None


def untranslated(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the languages that lack a sentence for a row, each with the file to add it to; none for internal rows."""
    return () if type(row).__name__ not in WORDS or translation(row, "fr") else (("fr", FILE),)
