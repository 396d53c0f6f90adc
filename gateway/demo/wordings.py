"""The sentences the demo's customers agreed to, by kind and language; a consent keeps the hash of what was shown."""

from hashlib import sha256

VERSION = "2026-01"

WORDINGS: dict[str, dict[str, str]] = {
    "CARD_STORAGE": {
        "en": "Keep my card number to make my next payments easier. I can take this back at any time.",
        "fr": "Conserver mon numéro de carte pour faciliter mes prochains paiements. Je peux le retirer à tout moment.",
        "de": "Meine Kartennummer für künftige Zahlungen aufbewahren. Ich kann dies jederzeit widerrufen.",
        "it": "Conservare il numero della mia carta per i prossimi pagamenti. Posso revocarlo in qualsiasi momento.",
    },
    "PRODUCT_NEWS": {
        "en": "Send me news about your services by e-mail.",
        "fr": "M’envoyer des nouvelles de vos services par e-mail.",
        "de": "Mir Neuigkeiten über Ihre Dienste per E-Mail senden.",
        "it": "Inviarmi novità sui vostri servizi per e-mail.",
    },
    "COOKIE_MEASUREMENT": {
        "en": "Measure how I use the site, to improve its content.",
        "fr": "Mesurer mon usage du site pour en améliorer le contenu.",
        "de": "Meine Nutzung der Website messen, um ihren Inhalt zu verbessern.",
        "it": "Misurare il mio uso del sito per migliorarne i contenuti.",
    },
    "WHOIS_PUBLICATION": {
        "en": "Publish my contact details in the registry’s whois.",
        "fr": "Publier mes coordonnées dans le whois du registre.",
        "de": "Meine Kontaktdaten im Whois der Registrierungsstelle veröffentlichen.",
        "it": "Pubblicare i miei recapiti nel whois del registro.",
    },
}


def shown(kind: str, language: str) -> tuple[str, bytes]:
    """The language a text was shown in (English where there is no translation) and the SHA-256 of that text."""
    spoken = language if language in WORDINGS[kind] else "en"
    return spoken, sha256(WORDINGS[kind][spoken].encode()).digest()
