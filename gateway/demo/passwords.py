"""The demo's passwords, public by design: one for each customer and platform (R38)."""

from functools import cache
from hashlib import sha256

from argon2.low_level import Type, hash_secret

from gateway.demo.seeded_random import SeededRandom

_WORDS = "Tilleul Kupfer Lanterna Harbour Brise Nebel Quercia Meadow Galet Falke Torrente Willow Givre Distel"
_SIGNS = "!?+=%&"

# Valid argon2id, but a twentieth of the cost of a real one, so that a thousand of them take a second and not half a
# minute. A sign-in finds the parameters below today's and hashes anew (S2).
_PASSES, _KIBIBYTES, _LANES = 1, 1024, 1


@cache
def demo_password(email: str, platform: str) -> str:
    """The password of a demo customer for a platform: sixteen characters or more, of all four classes (R37)."""
    random = SeededRandom("password", email, platform)
    first, second = random.some(_WORDS.split(), 2)
    return f"{first}{random.pick(_SIGNS)}{second}-{random.between(1000, 9999)}"


def demo_hash(email: str, platform: str) -> str:
    """The argon2id hash of the password, with a derived salt, so that it is the same on every machine."""
    salt = sha256(f"salt:{email}:{platform}".encode()).digest()[:16]
    password = demo_password(email, platform).encode()
    return hash_secret(password, salt, _PASSES, _KIBIBYTES, _LANES, 32, Type.ID).decode()
