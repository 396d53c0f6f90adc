"""Notes, checkpoints and proofs have the form that C2SP writes down, and other tools read; nothing else is accepted."""

from __future__ import annotations

import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from store.ledger.proofs import Inclusion, open_proof
from store.merkle.checkpoints import Checkpoint, open_checkpoint, origin_of
from store.merkle.merkle_tree import EMPTY, leaf_hash, root_of
from store.merkle.signed_note import NoteInvalidError, NoteSigner, VerifierKey, open_note, sign
from tests.ledger.paper import NEW, OLD, STRANGER
from tests.programs import needs, program

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""
"""The example of golang.org/x/mod/sumdb/note, which the format comes from."""

ROOT = root_of([leaf_hash(b"a"), leaf_hash(b"b")])
CHECKPOINT = Checkpoint("data.example/ledger", 2, ROOT)
NOTE = CHECKPOINT.sign([NEW])


def test_a_note_that_go_signed_is_read_and_its_key_too() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    assert open_note(GO_NOTE, [key]).signed_by == (key,)


def test_a_checkpoint_is_three_lines_and_a_signature() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == ["data.example/ledger", "2", b64encode(ROOT).decode(), ""]
    assert lines[4].startswith("— data.example/ledger ")
    assert lines[5:] == [""]
    checkpoint, note = open_checkpoint(NOTE, [NEW.verifier])
    assert (checkpoint, note.signed_by, note.unknown) == (CHECKPOINT, (NEW.verifier,), 0)


def test_the_signature_is_over_the_text_with_its_last_newline() -> None:
    """Checked without our own code for notes, so that both cannot be wrong in the same way."""
    text, _, signature = NOTE.partition("\n\n")
    content = b64decode(signature.strip().split(" ")[2])
    Ed25519PublicKey.from_public_bytes(NEW.verifier.public).verify(content[4:], (text + "\n").encode())


@needs("openssl")
def test_anyone_can_check_a_signature_with_openssl(tmp_path: Path) -> None:
    text, _, signature = NOTE.partition("\n\n")
    public = Ed25519PublicKey.from_public_bytes(NEW.verifier.public)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "text").write_text(text + "\n")
    (tmp_path / "signature").write_bytes(b64decode(signature.strip().split(" ")[2])[4:])
    command = f"{program('openssl')} pkeyutl -verify -pubin -inkey key.pem -rawin -in text -sigfile signature"
    assert subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False).returncode == 0


def changed(text: str) -> Iterator[str]:
    """Every text that differs in one byte, in one of three ways, as far as it is a text."""
    content = text.encode()
    for at in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            with suppress(UnicodeDecodeError):
                yield (content[:at] + bytes([content[at] ^ flip]) + content[at + 1 :]).decode()


def test_no_byte_of_a_checkpoint_can_be_changed() -> None:
    others = list(changed(NOTE))
    assert len(others) > 2 * len(NOTE)
    for other in others:
        with pytest.raises(NoteInvalidError):
            open_checkpoint(other, [NEW.verifier])


def test_every_signature_that_names_a_known_key_must_be_right() -> None:
    both = CHECKPOINT.sign([NEW, OLD])
    assert set(open_note(both, [NEW.verifier, OLD.verifier]).signed_by) == {NEW.verifier, OLD.verifier}
    assert open_note(both, [OLD.verifier]).unknown == 1
    wrong = NOTE + Checkpoint("data.example/ledger", 3, ROOT).sign([OLD]).split("\n\n")[1]
    assert open_note(wrong, [NEW.verifier]).unknown == 1, "a key that is not known says nothing, right or wrong"
    with pytest.raises(NoteInvalidError, match="is wrong"):
        open_note(wrong, [NEW.verifier, OLD.verifier])
    with pytest.raises(NoteInvalidError, match="no key that is known"):
        open_note(NOTE, [STRANGER.verifier])
    with pytest.raises(NoteInvalidError, match="no key that is known"):
        open_note(NOTE, [])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        "text\n\nno dash\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE + "more",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—  "),
        NOTE + "— a b=c\n",
        "a" * 200_000,
        NOTE.strip() + "\n" + "— a QUJDRA==\n" * 100,
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteInvalidError):
        open_note(note, [NEW.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n01\nAA==\n",
        "a\n-1\n",
        "a b\n1\n",
        "a+b\n1\n",
        "a\n1\n!!\n",
        "a\n1\nAA==\n",
        "a\n+1\n",
        "a\n1" + "0" * 30 + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    text += "" if text.count("\n") > 2 else b64encode(EMPTY).decode() + "\n"
    with pytest.raises(NoteInvalidError):
        Checkpoint.parse(text)


def test_extension_lines_are_refused_and_other_names_too() -> None:
    with pytest.raises(NoteInvalidError):
        Checkpoint.parse(CHECKPOINT.text + "more\n")
    elsewhere = NoteSigner.of("other.example/ledger", b"1" * 32)
    with pytest.raises(NoteInvalidError, match="another name"):
        open_checkpoint(CHECKPOINT.sign([elsewhere]), [elsewhere.verifier])
    with pytest.raises(ValueError, match="newline"):
        sign("no end", [NEW])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a+b",
        "a+b+c",
        GO_KEY[:-1],
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("ARpc", "BRpc"),
        "A" + GO_KEY,
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY + "+",
    ],
)
def test_a_key_with_a_wrong_letter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        VerifierKey.parse(text)


def test_a_private_key_does_not_show_itself() -> None:
    assert "Private" not in repr(NEW)
    assert (b"\x02" * 32).hex() not in repr(NEW)


@pytest.mark.parametrize(
    ("issuer", "origin"),
    [
        ("https://data.example.com", "data.example.com/ledger"),
        ("http://localhost:8000", "localhost:8000/ledger"),
        ("https://example.com/api", "example.com/api/ledger"),
        ("https://example.com/a+b", "example.com/a%2Bb/ledger"),
    ],
)
def test_the_ledger_is_named_after_the_issuer(issuer: str, origin: str) -> None:
    assert origin_of(issuer) == origin


@pytest.mark.parametrize("issuer", ["", "https://", "https://a b"])
def test_an_issuer_that_cannot_name_a_ledger(issuer: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        origin_of(issuer)


PROOF = Inclusion(1, 2, leaf_hash(b"b"), (leaf_hash(b"a"),)).text(NOTE, b"b")


def test_a_proof_is_a_file_of_its_own() -> None:
    lines = PROOF.split("\n")
    assert lines[:5] == ["c2sp.org/tlog-proof@v1", "extra Yg==", "index 1", b64encode(leaf_hash(b"a")).decode(), ""]
    assert PROOF.endswith("\n\n" + NOTE)
    proven = open_proof(PROOF, [NEW.verifier])
    assert (proven.entry, proven.index, proven.checkpoint) == (b"b", 1, CHECKPOINT)


def test_no_byte_of_a_proof_can_be_changed() -> None:
    for other in changed(PROOF):
        with pytest.raises(NoteInvalidError):
            open_proof(other, [NEW.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        PROOF.replace("extra Yg==\n", ""),
        PROOF.replace("index 1", "index 0"),
        PROOF.replace("index 1", "index 01"),
        PROOF.replace("index 1", "index ١"),
        PROOF.replace("index 1\n", ""),
        PROOF + "\n",
        PROOF.replace("Yg==", "Yh=="),
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalidError):
        open_proof(text, [NEW.verifier])
    with pytest.raises(NoteInvalidError):
        open_proof(PROOF, [STRANGER.verifier])
