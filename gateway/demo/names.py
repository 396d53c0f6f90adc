"""Demo data: names in several scripts, and their ASCII form for e-mail addresses."""

import re
import unicodedata

# Language, given names, family names that go together: in Greek the family name agrees with the given one. An
# underscore stands for a space inside a name.
NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "fr",
        "Amélie Aurélien Bérénice Chloé Clément Édith Élodie Fabrice François Gaëlle Gérard Hélène Inès "
        "Jean-Luc Joël Léa Loïc Maëlle Marc Mathilde Nathalie Noé Océane Pascal Raphaël Sylvie Théo Valérie Yann "
        "Zoé",
        "Aubry Béranger Blanc Bürki Chevalier Côté D’Amours Desjardins Dubois Favre Fontaine Gagné Girard "
        "Jaquier Lefèvre Léger Lemaître Marchand Meunier Monnier Noël Pelletier Périllard Renaud Rochat Sauvé "
        "Tremblay Vuilleumier Nguyễn Benaïssa",
    ),
    (
        "de",
        "Andrea Beat Björn Christa Dörte Emil Friederike Götz Hannah Heidi Jakob Jörg Jürgen Käthe Klaus "
        "Leonie Lukas Mathias Nele Ömer Reto Regula Sören Stefanie Svenja Thorsten Ursula Vreni Wolfgang "
        "Yıldız",
        "Ammann Bäcker Bühler Çelik Dürr Egli Fäßler Fischer Gößling Großmann Hürlimann Jäger Keller Koch "
        "Krüger Kühn Lehmann Löffler Meier Möller Müller Nägeli Rösch Schäfer Schmidt Schröder Strauß Weiß "
        "Wüthrich Zürcher",
    ),
    (
        "it",
        "Alessandro Alice Andrea Beatrice Carlo Chiara Davide Elena Fabio Federica Giosuè Giulia Ilaria "
        "Lorenzo Lucia Luca Marco Martina Matteo Niccolò Noè Paola Riccardo Sara Silvia Simone Sofia Tommaso "
        "Valeria Zoe",
        "Bernasconi Bianchi Bonfà Caruso Colombo Conti D’Angelo De_Luca Esposito Ferrari Fontana Galli Greco "
        "Lepori Lombardi Mancini Marini Moretti Nicolò Orlando Pagani Rinaldi Rizzo Romano Rossi Russo "
        "Santoro Testa Viganò",
    ),
    (
        "en",
        "Aisha Alistair Amelia Ben Callum Catrin Charlotte Daniel Eleanor Femi George Grace Hamish Imogen "
        "Jack Kezia Liam Maeve Noah Oliver Priya Rhys Samuel Siobhán Sophie Tomás Uma Victoria William "
        "Zachary",
        "Adeyemi Anderson Baker Bennett Campbell Clarke Davies Evans Fraser Ghosh Harris Hughes Jones Kaur "
        "Lloyd MacLeod Mitchell Morgan Núñez O’Connor O’Sullivan Patel Roberts Scott Singh Taylor Walker "
        "Wilson Wright Young",
    ),
    (
        "nl",
        "Anouk Bram Daan Eefje Femke Gijs Hanneke Joris Koen Lieke Maaike Niels Renée Sanne Sjoerd Thijs Willemijn",
        "Bakker De_Vries Dijkstra Hendriks Jansen Kuiper Meijer Mulder Peeters Smit Van_den_Berg Van_Dijk "
        "Vermeulen Visser Wouters",
    ),
    (
        "sv",
        "Åsa Björn Elin Göran Håkan Ingrid Jörgen Kajsa Märta Östen Sofia Viktor",
        "Åkesson Bergström Ekström Hägglund Lindqvist Nyström Öberg Sjögren Söderberg Wallström",
    ),
    (
        "el",
        "Γιώργος Δημήτρης Νίκος Κώστας Αλέξανδρος",
        "Παπαδόπουλος Οικονόμου Νικολαΐδης Γεωργίου Κωνσταντίνου",
    ),
    (
        "el",
        "Μαρία Ελένη Κατερίνα Σοφία Δέσποινα",
        "Παπαδοπούλου Οικονόμου Νικολαΐδου Γεωργίου Κωνσταντίνου",
    ),
    (
        "ja",
        "結衣 陽菜 蓮 大翔 さくら 健太",
        "佐藤 鈴木 高橋 田中 渡辺 伊藤",
    ),
)

_GREEK_LETTERS, _GREEK_SOUNDS = "αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo"
_GREEK = dict(zip(_GREEK_LETTERS, _GREEK_SOUNDS, strict=True)) | {"θ": "th", "χ": "ch", "ψ": "ps"}
_JAPANESE = {
    "結衣": "yui", "陽菜": "hina", "蓮": "ren", "大翔": "hiroto", "さくら": "sakura", "健太": "kenta",
    "佐藤": "sato", "鈴木": "suzuki", "高橋": "takahashi", "田中": "tanaka", "渡辺": "watanabe", "伊藤": "ito",
}  # fmt: skip
_LATIN = str.maketrans({"ß": "ss", "ø": "o", "ı": "i", "ä": "ae", "ö": "oe", "ü": "ue"})


def names(language: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The lists of given and family names of a language."""
    return tuple((_words(given), _words(family)) for spoken, given, family in NAMES if spoken == language)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


def ascii_name(name: str) -> str:
    """A name as it is written in an e-mail address: `Jürgen Weiß` is `juergen-weiss`, `Νίκος` is `nikos`."""
    plain = _JAPANESE.get(name, unicodedata.normalize("NFC", name).lower().translate(_LATIN))
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(mark))
    latin = "".join(_GREEK.get(letter, letter) for letter in bare.replace("ου", "ou"))
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]", "-", latin.replace("’", ""))).strip("-")
