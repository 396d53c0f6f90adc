"""The legal bases on which a purpose may rest (GDPR Art. 6(1); ePrivacy Directive Art. 5(3) and 13(2))."""

from enum import unique

from policy.rows import Row


@unique
class LegalBasis(Row):
    """A legal basis for processing; each is a default that the controller confirms.

    The ePrivacy bases stand beside Art. 6: where Art. 13(2) applies, the conditions of Art. 6(1) do not
    (CJEU C-654/23), and DPV 2.3 has no term for them.
    """

    A6_1_A = "The person has consented.", "GDPR Art. 6(1)(a)", "A6-1-a", "Consent"
    A6_1_B = "The contract with the person needs it.", "GDPR Art. 6(1)(b)", "A6-1-b", "Contract"
    A6_1_C = "A law obliges us to.", "GDPR Art. 6(1)(c)", "A6-1-c", "Legal obligations"
    A6_1_D = "It protects someone's life or limb.", "GDPR Art. 6(1)(d)", "A6-1-d", "Vital interests"
    A6_1_E = "A task in the public interest needs it.", "GDPR Art. 6(1)(e)", "A6-1-e", "Public interest"
    A6_1_F = (
        "We have a legitimate interest that the person's own interests do not outweigh.",
        "GDPR Art. 6(1)(f)",
        "A6-1-f",
        "Legitimate interests",
    )
    EPRIVACY_13_2 = (
        "News about our own similar services, to an address obtained at a sale, with an objection offered each time.",
        "ePrivacy Art. 13(2)",
    )
    EPRIVACY_5_3_CONSENT = (
        "The person has consented to storing on, or reading from, their device.",
        "ePrivacy Art. 5(3)",
        None,
        "Consent",
    )
    EPRIVACY_5_3_EXEMPT = (
        "Storing on the device is strictly necessary for the service the person asked for.",
        "ePrivacy Art. 5(3), exemption",
    )

    def __init__(self, _text: str, article: str, dpv: str | None = None, fides: str | None = None) -> None:
        self.article = article
        """The article, as a lawyer cites it."""
        self.dpv = dpv
        """Term under `vocabularies.EU_GDPR`, or None: DPV 2.3 has none."""
        self.fides = fides
        """One of fideslang's six strings, or None: it has none."""
