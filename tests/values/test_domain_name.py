"""S14: a domain name has one form, whatever letters, width, case and dots it was written in."""

from __future__ import annotations

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.domain_name import DomainNameError, lookup_form, to_ascii, to_unicode
from values.domain_name import DomainNameFault as Fault
from values.hosts import url_to_ascii

ONE_NAME = (
    "bücher.example", "BÜCHER.example", "bu\u0308cher.example", "bücher.example.", "bücher\u3002example",
    "ｂücher．ｅｘａｍｐｌｅ", "bücher\uff61example", "xn--bcher-kva.example", "XN--BCHER-KVA.Example",
    " bücher.example ",
)  # fmt: skip


@pytest.mark.parametrize("written", ONE_NAME)
def test_all_spellings_of_a_name_are_one(written: str) -> None:
    """S14."""
    assert to_ascii(written) == "xn--bcher-kva.example" == lookup_form(written)
    assert to_unicode(to_ascii(written)) == "bücher.example"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("faß.de", "xn--fa-hia.de"), ("fass.de", "fass.de"),  # H2
        ("βόλος.com", "xn--nxasmm1c.com"), ("βόλοσ.com", "xn--nxasmq6b.com"),
        ("उदाहरण.example", "xn--p1b6ci4b4b3a.example"), ("मोहन.भारत", "xn--l2bl7a9d.xn--h2brj9c"),  # H25
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com"), ("ශ්\u200dරී.com", "xn--10cl1a0b660p.com"),
        ("אב1.example", "xn--1-zhcd.example"), ("r3---sn-1.example.com", "r3---sn-1.example.com"),
        ("1und1.de", "1und1.de"), ("a.xn--p1ai", "a.xn--p1ai"), ("x" * 63 + ".de", "x" * 63 + ".de"),
    ],
)  # fmt: skip
def test_letters_that_are_not_one_another_stay_apart(written: str, name: str) -> None:
    """S14: UTS #46 without transitional rules; joiners where their scripts have them."""
    assert to_ascii(written) == name


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", Fault.NO_NAME), (" ", Fault.NO_NAME), (".", Fault.LABEL), ("x", Fault.ENDING), ("a..b", Fault.LABEL),
        (".a.ch", Fault.LABEL), ("a.ch..", Fault.LABEL), ("a_b.example", Fault.LABEL), ("-a.ch", Fault.LABEL),
        ("a-.ch", Fault.LABEL), ("a b.ch", Fault.LABEL), ("a@b.ch", Fault.LABEL), ("a/b.ch", Fault.LABEL),
        ("xn--.ch", Fault.LABEL), ("xn--a.ch", Fault.LABEL), ("xn--zzzzz9999.ch", Fault.LABEL),
        ("xn---bbk.ch", Fault.LABEL), ("xn--fass-.ch", Fault.LABEL), ("xn--ls8h.ch", Fault.LABEL),
        ("xn--bcher-kva.xn--", Fault.LABEL), ("i❤.ws", Fault.LABEL), ("a\u200cb.com", Fault.LABEL),
        ("a\u200db.com", Fault.LABEL), ("a\u202eb.com", Fault.LABEL), ("1a.אב.example", Fault.LABEL),
        ("אa.example", Fault.LABEL), ("x" * 64 + ".de", Fault.TOO_LONG), ("ü" * 60 + ".de", Fault.TOO_LONG),
        (".".join(["abcdefg"] * 32) + ".de", Fault.TOO_LONG), ("ü" * 100_000, Fault.TOO_LONG),
        ("1.2.3.4", Fault.IP_ADDRESS), ("１.２.３.４", Fault.IP_ADDRESS), ("2001:db8::1", Fault.IP_ADDRESS),
        ("[2001:db8::1]", Fault.IP_ADDRESS), ("[192.0.2.1]", Fault.IP_ADDRESS), ("a.1", Fault.NO_NAME),
        ("shop.c", Fault.NO_NAME), ("\ud800.ch", Fault.LABEL), ("a\x00.ch", Fault.LABEL),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_a_sentence(written: str, fault: Fault) -> None:
    """S14: and it is looked up by nothing that a name is looked up by."""
    with pytest.raises(DomainNameError) as refused:
        to_ascii(written)
    assert refused.value.fault is fault
    if written.strip():
        assert written.strip() not in str(refused.value) or len(written.strip()) < 4
    assert lookup_form(written).startswith("\0")


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_the_form_of_a_form_is_itself(written: str) -> None:
    """S14: whatever is taken is the same after a second time, and after having been shown."""
    try:
        name = to_ascii(written)
    except DomainNameError:
        return
    assert to_ascii(name) == name == to_ascii(to_unicode(name)) and name.isascii() and name == name.lower()


@given(st.lists(st.text("abzß-1ςü例えमо", min_size=1, max_size=12), min_size=2, max_size=4).map(".".join))
def test_it_is_what_idna_says(written: str) -> None:
    """S14: the same as the library's own encoding, where that takes the name."""
    try:
        found = to_ascii(written)
    except DomainNameError:
        return
    if not any("--" in label and not label.startswith("xn--") for label in found.split(".")):
        assert idna.encode(written, uts46=True, transitional=False).decode() == found


def test_hosts_of_addresses_are_names_of_dns() -> None:
    """S14: Python itself resolves `faß.example` as `fass.example`."""
    assert url_to_ascii("https://faß.example:8443/a?b=c") == "https://xn--fa-hia.example:8443/a?b=c"
    assert url_to_ascii("https://x.example/hook") == "https://x.example/hook"
    with pytest.raises(DomainNameError):
        url_to_ascii("https://i❤.ws/hook")
    with pytest.raises(ValueError, match="2048 characters"):
        url_to_ascii("https://" + "\u0301\u0316" * 2_000)


def test_the_length_of_each_label_is_looked_at_before_it_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """(G12) Hundreds of labels, or one that a few characters blow up, reach no code that is slow by length."""

    def never(*_: object) -> bytes:
        raise AssertionError("it was encoded")

    assert len(to_ascii("ü" * 57 + ".ch")) == 63 + 3
    monkeypatch.setattr(idna, "alabel", never)
    for written in (".".join("é" * 400), "é" * 64 + ".ch", "\u3300" * 20 + ".ch", "xn--" + "a" * 60 + ".ch"):
        with pytest.raises(DomainNameError) as told:
            to_ascii(written)
        assert told.value.fault is Fault.TOO_LONG
