"""(D12) What `ssh-keygen -Y sign` signs is verified as `ssh-keygen -Y verify` does, and everything else is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from resolvers.registers.ssh_keys import LONGEST, PublicKey, SshError, packed
from resolvers.registers.ssh_signatures import BEGIN, END, SshSignature
from tests.sharing.signing import KINDS, Signer

TEXT, SPACE = "gateway legal request\nLG 4\nsha256:00\n", "legal-request@data.example"


def armored(blob: bytes) -> str:
    lines = base64.b64encode(blob).decode()
    return "\n".join([BEGIN, *(lines[at : at + 70] for at in range(0, len(lines), 70)), END]) + "\n"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hash_name", ["sha256", "sha512"])
def test_what_ssh_keygen_signed_is_by_its_key_over_this_text_and_for_this(
    tmp_path: Path, kind: str, hash_name: str
) -> None:
    """(D12) Each kind of key; another text, namespace or key is another signature."""
    signer, other = Signer.make(tmp_path / "one", kind), Signer.make(tmp_path / "two", kind)
    found = SshSignature.read(signer.sign(TEXT, SPACE, "-O", f"hashalg={hash_name}"))
    found.verify(TEXT.encode(), SPACE)
    assert found.key == PublicKey.read(signer.public) and found.hash_name == hash_name
    assert "Meier" not in found.key.line and signer.public.startswith(found.key.line)
    for text, space in ((TEXT + " ", SPACE), (TEXT, "legal-refusal@data.example"), (TEXT, "file")):
        with pytest.raises(SshError):
            found.verify(text.encode(), space)
    forged = SshSignature(PublicKey.read(other.public), found.namespace, found.hash_name, found.signature)
    with pytest.raises(SshError):
        forged.verify(TEXT.encode(), SPACE)


def test_the_fingerprint_is_the_one_that_ssh_keygen_shows(tmp_path: Path) -> None:
    import subprocess

    signer = Signer.make(tmp_path / "one")
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(signer.folder / "key.pub")], capture_output=True, text=True)
    assert PublicKey.read(signer.public).fingerprint in shown.stdout


def security_key(touched: bool, curve: bool) -> tuple[str, Callable[[bytes], bytes]]:
    """A security key as PROTOCOL.u2f has it: no hardware is at hand, but what it shows and signs is known."""
    application, flags = b"ssh:", (b"\x01" if touched else b"\x00") + (7).to_bytes(4, "big")
    if curve:
        key = ec.generate_private_key(ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        kind = b"sk-ecdsa-sha2-nistp256@openssh.com"
        blob = packed(kind, b"nistp256", point, application)
    else:
        plain = Ed25519PrivateKey.generate()
        kind = b"sk-ssh-ed25519@openssh.com"
        blob = packed(kind, plain.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw), application)

    def sign(message: bytes) -> bytes:
        inner = b"SSHSIG" + packed(SPACE.encode(), b"", b"sha512", sha512(message).digest())
        signed = sha256(application).digest() + flags + sha256(inner).digest()
        if curve:
            r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
            made = packed(*(number.to_bytes(33, "big").lstrip(b"\0").rjust(33, b"\0") for number in (r, s)))
        else:
            made = plain.sign(signed)
        signature = packed(kind, made) + flags
        return b"SSHSIG" + (1).to_bytes(4, "big") + packed(blob, SPACE.encode(), b"", b"sha512", signature)

    return f"{kind.decode()} {base64.b64encode(blob).decode()} me", sign


@pytest.mark.parametrize("curve", [False, True])
def test_a_security_key_counts_when_somebody_touched_it(curve: bool) -> None:
    public, sign = security_key(True, curve)
    found = SshSignature.read(armored(sign(TEXT.encode())))
    assert found.key == PublicKey.read(public)
    found.verify(TEXT.encode(), SPACE)
    _, untouched = security_key(False, curve)
    with pytest.raises(SshError, match="touched"):
        SshSignature.read(armored(untouched(TEXT.encode()))).verify(TEXT.encode(), SPACE)


def test_weak_and_foreign_keys_are_refused(tmp_path: Path) -> None:
    """(D12) RSA below 3072 bits, SHA-1, private keys, several lines, and kinds that are not known."""
    weak = Signer.make(tmp_path / "weak", extra=("-t", "rsa", "-b", "2048"))
    with pytest.raises(SshError, match="3072"):
        PublicKey.read(weak.public)
    good = Signer.make(tmp_path / "good")
    for text in (
        (good.folder / "key").read_text(), good.public * 2, "", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-ed25519 é",
        good.public.replace("ssh-ed25519", "ssh-rsa", 1), "ssh-dss " + base64.b64encode(packed(b"ssh-dss")).decode(),
        "ssh-ed25519 " + base64.b64encode(packed(b"ssh-ed25519", b"x" * 32) + b"more").decode(),
        "ssh-ed25519 " + base64.b64encode(packed(b"ssh-ed25519", b"short")).decode(), "x " + "A" * LONGEST,
    ):  # fmt: skip
        with pytest.raises(SshError):
            PublicKey.read(text)
    rsa = Signer.make(tmp_path / "rsa", "rsa")
    found = SshSignature.read(rsa.sign(TEXT, SPACE))
    old = SshSignature(found.key, SPACE, "sha512", packed(b"ssh-rsa", b"x" * 384))
    with pytest.raises(SshError, match="rsa-sha2"):
        old.verify(TEXT.encode(), SPACE)


def test_a_cut_or_lengthened_signature_is_refused_at_every_byte(tmp_path: Path) -> None:
    """(D12, G12) A sentence each time, and never another error."""
    whole = Signer.make(tmp_path / "one").sign(TEXT, SPACE)
    blob = base64.b64decode("".join(whole.splitlines()[1:-1]))
    for at in range(len(blob)):
        with pytest.raises(SshError):
            SshSignature.read(armored(blob[:at])).verify(TEXT.encode(), SPACE)
        with pytest.raises(SshError):
            flipped = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
            SshSignature.read(armored(flipped)).verify(TEXT.encode(), SPACE)
    for text in (armored(blob + b"x"), whole.replace(END, ""), "", "A" * 1_000_000, whole.replace("AAAA", "AAAé", 1)):
        with pytest.raises(SshError):
            SshSignature.read(text)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(blob: bytes) -> None:
    for read in (lambda: SshSignature.read(armored(b"SSHSIG\0\0\0\1" + blob)), lambda: PublicKey.of(blob)):
        with pytest.raises(SshError):
            read()
