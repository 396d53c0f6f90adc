"""Password hashes of other systems: those that may rest are verified as their systems did, the others are refused."""

import base64
import hashlib

import bcrypt
import pytest
from argon2 import PasswordHasher, Type
from passlib import hash as passlib_hash

from resolvers.passwords.foreign import ForeignHashError, HashFault, read_foreign_hash, verify_foreign

PASSWORD = "Grüße aus dem alten Haus 12"

PUBLISHED = {
    # crypt_blowfish 1.3, wrapper.c
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": "U*U",
    # `openssl passwd -5 -salt saltstring`, and -6
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5": "Hello world!",
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1":
        "Hello world!",
    # RFC 7914, section 12, in the form of libsodium's tests
    "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D": "pleaseletmein",
    # The reference implementation's test.c
    "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA": "password",
}  # fmt: skip


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def made() -> dict[str, str]:
    """A hash of the password in every other form."""
    salt = b"\xfb\xff0123456789abcd"
    derived = b64(hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 2_000))
    cheap = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    argon2 = PasswordHasher(1, 1_024, 1).hash(PASSWORD)
    django = base64.b64encode(hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"seasalt", 3_000)).decode()
    return {
        "PHP's bcrypt": cheap.replace("$2b$", "$2y$"),
        "Dovecot's bcrypt": "{BLF-CRYPT}" + cheap,
        "Django's bcrypt": "bcrypt$" + cheap,
        "argon2d": PasswordHasher(1, 1_024, 1, type=Type.D).hash(PASSWORD),
        "Dovecot's argon2": "{ARGON2ID}" + argon2,
        "Django's argon2": "argon2" + argon2,
        "PHC PBKDF2": f"$pbkdf2-sha512$i=2000,l=64${b64(salt)}${derived}",
        "Django's PBKDF2": f"pbkdf2_sha256$3000$seasalt${django}",
        "libpass's PBKDF2": passlib_hash.pbkdf2_sha1.using(rounds=2_000).hash(PASSWORD),
        "PHC scrypt": passlib_hash.scrypt.using(rounds=10).hash(PASSWORD),
        "Dovecot's SHA-crypt": "{SHA512-CRYPT}" + passlib_hash.sha512_crypt.using(rounds=5_000).hash(PASSWORD),
    }


@pytest.mark.parametrize(("stored", "password"), PUBLISHED.items())
def test_published_values_are_verified(stored: str, password: str) -> None:
    resting = read_foreign_hash(stored)
    assert verify_foreign(resting, password)
    assert not verify_foreign(resting, password + "x")


def test_every_form_is_verified() -> None:
    for name, stored in made().items():
        resting = read_foreign_hash(stored)
        assert verify_foreign(resting, PASSWORD), name
        assert not verify_foreign(resting, PASSWORD.upper()), name


def test_bcrypt_reads_72_bytes_as_the_old_system_did() -> None:
    """The library refuses longer passwords since 5.0; other systems cut them, also inside of a letter."""
    long = "ü" * 35 + "abc" + "äöü" * 10
    stored = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert verify_foreign(stored, long)
    assert not verify_foreign(stored, "u" + long[1:])


WEAK = {
    "md5crypt": passlib_hash.md5_crypt.hash("x"),
    "Apache's md5": passlib_hash.apr_md5_crypt.hash("x"),
    "phpass": passlib_hash.phpass.hash("x"),
    "des": passlib_hash.des_crypt.hash("x"),
    "md5": hashlib.md5(b"x").hexdigest(),
    "sha1": hashlib.sha1(b"x").hexdigest(),
    "sha256": hashlib.sha256(b"x").hexdigest(),
    "LDAP's salted sha1": passlib_hash.ldap_salted_sha1.hash("x"),
    "MySQL's": passlib_hash.mysql41.hash("x"),
    "PBKDF2 of one round": passlib_hash.pbkdf2_sha256.using(rounds=1).hash("x"),
}
COSTLY = {
    "bcrypt of hours": "$2b$31$" + "a" * 53,
    "PBKDF2 of hours": "$pbkdf2-sha256$999999999$" + b64(b"0123456789abcdef") + "$" + b64(bytes(32)),
    "scrypt of 32 GB": "$scrypt$ln=25,r=8,p=1$" + b64(b"0123456789abcdef") + "$" + b64(bytes(32)),
    "argon2 of 4 GB": f"$argon2id$v=19$m=4194304,t=1,p=1${b64(b'somesalt')}${b64(bytes(32))}",
}
UNKNOWN = (
    "geheim",
    "",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$2b$10$short",
    "$argon2id$v=19$m=1024",
    "x" * 5_000,
    "ü" * 60,
    "$pbkdf2-sha256$i=1000,l=20$AAAA$" + b64(bytes(20)),
)
REFUSED = {HashFault.WEAK: tuple(WEAK.values()), HashFault.COSTLY: tuple(COSTLY.values()), HashFault.UNKNOWN: UNKNOWN}


def test_what_cannot_rest_is_refused_with_its_reason() -> None:
    """A parameter of an attacker must not cost hours or all memory, and no hash that is fast is kept."""
    for fault, hashes in REFUSED.items():
        for each in hashes:
            with pytest.raises(ForeignHashError) as refused:
                read_foreign_hash(each)
            assert refused.value.fault is fault, each
            assert not each or each not in str(refused.value)
