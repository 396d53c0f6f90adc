"""S14: a mailbox has one form, by which it is compared and looked up; two mailboxes never share one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.mailbox import MailboxError, lookup_form, parse_mailbox, read_mailbox, same_mailbox
from values.mailbox import MailboxFault as Fault


@pytest.mark.parametrize(
    "written",
    ["owner@faß.de", "Owner@FAß.DE", "OWNER@xn--fa-hia.de", " owner@faß\u3002de ", "owner@XN--FA-HIA.de"],
)
def test_all_spellings_of_a_mailbox_are_one(written: str) -> None:
    """S14, H2."""
    assert read_mailbox(written).canonical == "owner@xn--fa-hia.de" == lookup_form(written)
    assert read_mailbox(written).address.lower() == "owner@xn--fa-hia.de"
    assert read_mailbox(written).display.lower() == "owner@faß.de"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("owner@faß.de", "owner@fass.de"), ("straße1@example.com", "strasse1@example.com"),  # H2, H3
        ("ﬁ@example.com", "fi@example.com"), ("ＡＢ@example.com", "ab@example.com"), ("ς@example.com", "σ@example.com"),
        ("o@a_b.example", "o@ab.example"), ("owner", "owner@example.com"), ("Straße", "strasse"),
        ("me@localhost", "\0me@localhost"), ("ı@example.com", "i@example.com"),
    ],
)  # fmt: skip
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    """S14."""
    assert not same_mailbox(one, other)


def test_letters_that_are_made_of_two_are_one() -> None:
    """H26 (S14): decomposed letters are taken, and kept composed."""
    assert read_mailbox("man\u0303ana@example.com").display == "mañana@example.com"
    assert same_mailbox("MAN\u0303ANA@example.com", "mañana@example.com")


@pytest.mark.parametrize(
    "written", ["राम@मोहन.भारत", "иван@пример.рф", "佐々木@例え.jp", "サーバー@例えabc.jp", "a..b@docomo.example"]
)
def test_mailboxes_of_all_scripts_are_taken(written: str) -> None:
    """H25 (S14)."""
    assert read_mailbox(written).display == written
    assert read_mailbox(written).address.rpartition("@")[2].isascii()


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", Fault.NO_ADDRESS), ("a", Fault.NO_ADDRESS), ("@b.ch", Fault.NO_ADDRESS), ("a b@c.ch", Fault.NO_ADDRESS),
        ("a@b@c.ch", Fault.NO_ADDRESS), ("=a@b.ch", Fault.NO_ADDRESS), ("a\u200c@b.ch", Fault.NO_ADDRESS),
        ("ａ@b.ch", Fault.NO_ADDRESS), ("a\x00@b.ch", Fault.NO_ADDRESS), ("a\nb@c.ch", Fault.NO_ADDRESS),
        ('"a b"@c.ch', Fault.QUOTED), ('"a@b"@c.ch', Fault.QUOTED), ("a@[192.0.2.1]", Fault.LITERAL),
        ("a@[IPv6:2001:db8::1]", Fault.LITERAL), ("a@192.0.2.1", Fault.LITERAL), ("a@b", Fault.NO_DOMAIN),
        ("a@b.ch.", Fault.NO_DOMAIN), ("a@b.ch\u3002", Fault.NO_DOMAIN), ("a@ b.ch", Fault.NO_DOMAIN),
        ("a@b_c.ch", Fault.NO_DOMAIN), ("a@xn--.ch", Fault.NO_DOMAIN), ("a" * 65 + "@b.ch", Fault.TOO_LONG),
        ("ü" * 33 + "@b.ch", Fault.TOO_LONG), ("a" * 60 + "@" + "b." * 100 + "ch", Fault.TOO_LONG),
        ("a" * 100_000, Fault.TOO_LONG), ("p\u0430ypal@b.ch", Fault.MIXED), ("me@p\u0430ypal.com", Fault.MIXED),
        ("me@xn--pypal-4ve.com", Fault.MIXED),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_refused_with_a_sentence(written: str, fault: Fault) -> None:
    """S14: quoted local parts and IP addresses among them; an A-label hides no mixture of scripts."""
    with pytest.raises(MailboxError) as refused:
        read_mailbox(written)
    assert refused.value.fault is fault and str(refused.value).endswith(".")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), st.sampled_from(["b.ch", "FAß.de", "例え.jp"]))
def test_the_form_of_a_form_is_itself(local: str, domain: str) -> None:
    """S14."""
    written = f"{local}@{domain}"
    form = lookup_form(written)
    try:
        found = parse_mailbox(written)
    except MailboxError:
        assert form.startswith("\0") or "@" not in form
        return
    assert form == lookup_form(form) == lookup_form(found.display) == lookup_form(found.address)
