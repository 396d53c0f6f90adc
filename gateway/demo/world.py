"""Demo data: countries and cities with postal codes, and telephone numbers that reach nobody."""

from dataclasses import dataclass

# In a pattern, `#` is a digit and `@` a letter that the country's postal codes use.


@dataclass(frozen=True, slots=True)
class City:
    """A town with the patterns of its postal codes and telephone numbers, and its main language."""

    name: str
    region: str | None
    postal_code: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the demo; `share` is its percentage of the customers."""

    code: str
    share: int
    currency: str
    tlds: tuple[str, ...]
    cities: tuple[City, ...]
    number_first: bool = False
    letters: str = "ABCDEFGHJKLMNPRSTUVWXYZ"


# Reserved for fiction by their regulators: FR (ARCEP), DE (BNetzA), GB (Ofcom), US and CA (555-0100 to 555-0199),
# SE (PTS). Elsewhere no range is reserved: zeros follow the area code, which no exchange assigns.
# fmt: off
COUNTRIES = (
    Country("CH", 22, "CHF", ("ch", "swiss", "com"), (
        City("Lausanne", "VD", "100#", "+4121000####", "fr"),
        City("Genève", "GE", "120#", "+4122000####", "fr"),
        City("Neuchâtel", "NE", "2000", "+4132000####", "fr"),
        City("Zürich", "ZH", "800#", "+4144000####", "de"),
        City("Bern", "BE", "301#", "+4131000####", "de"),
        City("St. Gallen", "SG", "900#", "+4171000####", "de"),
        City("Lugano", "TI", "690#", "+4191000####", "it"),
    )),
    Country("FR", 20, "EUR", ("fr", "com", "eu"), (
        City("Paris", "Île-de-France", "750##", "+3319900####", "fr"),
        City("Lyon", "Auvergne-Rhône-Alpes", "6900#", "+33465710###", "fr"),
        City("Rennes", "Bretagne", "35#00", "+33261910###", "fr"),
        City("Strasbourg", "Grand Est", "67#00", "+33353010###", "fr"),
        City("Toulouse", "Occitanie", "31#00", "+33536490###", "fr"),
        City("Nîmes", "Occitanie", "30#00", "+33639980###", "fr"),
    ), number_first=True),
    Country("DE", 15, "EUR", ("de", "com", "eu"), (
        City("Berlin", None, "101##", "+493023125###", "de"),
        City("Hamburg", None, "203##", "+494066969###", "de"),
        City("Frankfurt am Main", "Hessen", "603##", "+496990009###", "de"),
        City("München", "Bayern", "803##", "+498999998###", "de"),
        City("Köln", "Nordrhein-Westfalen", "506##", "+492214710###", "de"),
    )),
    Country("IT", 10, "EUR", ("it", "com"), (
        City("Milano", "MI", "2012#", "+39020000####", "it"),
        City("Roma", "RM", "0018#", "+39060000####", "it"),
        City("Torino", "TO", "1012#", "+39011000####", "it"),
        City("Forlì", "FC", "4712#", "+390543000###", "it"),
    )),
    Country("GB", 8, "GBP", ("uk", "com", "org"), (
        City("London", None, "SE1# #@@", "+442079460###", "en"),
        City("Manchester", None, "M1 #@@", "+441614960###", "en"),
        City("Edinburgh", None, "EH10 #@@", "+441314960###", "en"),
        City("Cardiff", None, "CF10 #@@", "+442920180###", "en"),
    ), number_first=True, letters="ABDEFGHJLNPQRSTUWXYZ"),
    Country("CA", 6, "CAD", ("ca", "com"), (
        City("Montréal", "QC", "H2@ #@#", "+1514555010#", "fr"),
        City("Québec", "QC", "G1@ #@#", "+1418555011#", "fr"),
        City("Toronto", "ON", "M5@ #@#", "+1416555012#", "en"),
        City("Vancouver", "BC", "V6@ #@#", "+1604555013#", "en"),
    ), number_first=True, letters="ABCEGHJKLMNPRSTVWXYZ"),
    Country("US", 6, "USD", ("com", "net", "org"), (
        City("Portland", "OR", "972##", "+1503555014#", "en"),
        City("Chicago", "IL", "606##", "+1312555015#", "en"),
        City("Austin", "TX", "787##", "+1512555016#", "en"),
        City("Boston", "MA", "021##", "+1617555017#", "en"),
    ), number_first=True),
    Country("NL", 5, "EUR", ("nl", "com", "eu"), (
        City("Amsterdam", None, "101# @@", "+3120000####", "nl"),
        City("Utrecht", None, "351# @@", "+3130000####", "nl"),
        City("’s-Hertogenbosch", None, "521# @@", "+3173000####", "nl"),
    )),
    Country("BE", 3, "EUR", ("be", "eu"), (
        City("Liège", None, "40#0", "+324000####", "fr"),
        City("Gent", None, "90#0", "+329000####", "nl"),
    )),
    Country("SE", 2, "SEK", ("se", "com"), (
        City("Göteborg", None, "411 ##", "+4631390060#", "sv"),
        City("Malmö", None, "211 ##", "+4640628040#", "sv"),
        City("Stockholm", None, "111 ##", "+468465004##", "sv"),
    )),
    Country("GR", 2, "EUR", ("gr", "eu"), (
        City("Αθήνα", None, "105 ##", "+30210000####", "el"),
        City("Θεσσαλονίκη", None, "546 ##", "+30231000####", "el"),
    )),
    Country("JP", 1, "JPY", ("jp", "com"), (
        City("渋谷区", "東京都", "150-00##", "+8130000####", "ja"),
        City("京都市", "京都府", "604-80##", "+8175000####", "ja"),
    )),
)

STREETS = {
    "fr": ("rue des Tilleuls", "rue de la Poste", "chemin du Verger", "avenue de la Gare", "place de l’Église",
           "rue du Château", "quai des Bateliers", "impasse des Prés"),
    "de": ("Lindenstraße", "Bahnhofstraße", "Am Mühlbach", "Gartenweg", "Schloßgasse", "Höhenweg", "Kirchplatz"),
    "it": ("via dei Tigli", "via Garibaldi", "piazza della Libertà", "vicolo dell’Olmo", "corso Italia", "via Verdi"),
    "en": ("Linden Road", "Station Road", "Orchard Lane", "Mill Street", "King’s Court", "Harbour View", "Oak Avenue"),
    "nl": ("Lindelaan", "Stationsweg", "Kerkstraat", "Molenpad", "Koningin Julianaplein", "’t Hofje"),
    "sv": ("Lindgatan", "Järnvägsgatan", "Kvarnvägen", "Ängsvägen", "Kyrkogränd"),
    "el": ("Οδός Αθηνάς", "Λεωφόρος Νίκης", "Οδός Ερμού", "Πλατεία Αριστοτέλους"),
    "ja": ("桜丘町", "中央通", "神南", "御池通"),
}
# fmt: on
