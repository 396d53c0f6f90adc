"""The sentences that customers agree to, by kind and language; a consent keeps the hash of the one that was shown.

A change of any sentence is a new VERSION: what was agreed to before stays what it was (R49).
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

VERSION: Final = "2026-01"

WORDINGS: Final[dict[str, dict[str, str]]] = {
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


@dataclass(frozen=True, slots=True)
class Wording:
    """One sentence as it is shown beside a box that is not ticked."""

    kind: str
    version: str
    language: str
    text: str

    @property
    def hash(self) -> bytes:
        """SHA-256 of the sentence."""
        return sha256(self.text.encode()).digest()


def wording(kind: str, language: str) -> Wording:
    """Return the current sentence in this language or the one it is a variant of, else English; KeyError: unknown
    kind."""
    texts = WORDINGS[kind]
    # A variant such as fr-CH gets the language's sentence: the consent stores which one was shown.
    wanted = language.lower().partition("-")[0]
    spoken = wanted if wanted in texts else "en"
    return Wording(kind, VERSION, spoken, texts[spoken])
