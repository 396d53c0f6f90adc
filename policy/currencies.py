"""The currencies of ISO 4217, each with the number of digits of its minor unit.

They stand here, and are not asked of a library's locale data (CLDR, as Babel has it). That data says how an amount is
usually shown: no fillér of a forint, no fils of an Iraqi dinar, whose minor unit is a thousandth. And it changes with a
release of the library, upon which stored amounts would mean something else. Banks and payment companies count in the
minor units of the standard; `tests/policy/test_currencies.py` lists where the two differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_HUNDREDTHS: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
    COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
    NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_WITHDRAWN: Final = "ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZWL"
"""In hundredths, too: invoices of the years in which they were money still name them."""
_OTHERS: Final[Mapping[int, str]] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF BYR",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_DIGITS: Final[Mapping[str, int]] = dict.fromkeys(f"{_HUNDREDTHS} {_WITHDRAWN}".split(), 2) | {
    code: digits for digits, codes in _OTHERS.items() for code in codes.split()
}
"""How many digits the minor unit has, by code: 2 of CHF, 0 of JPY, 3 of KWD."""
