"""Demo data: credentials, second factors, sign-ins and sessions, with addresses reserved for documentation."""

from datetime import datetime, timedelta

from gateway.demo.factors import demo_recovery_set, demo_totp_secret
from gateway.demo.passwords import demo_hash
from gateway.demo.people import Person
from gateway.demo.seeded_random import SeededRandom
from policy.credentials import Strength
from policy.platforms import Platform
from resolvers.customers.new_customer import NewCredential, NewSecondFactor, NewService, NewSession, NewSignIn

# RFC 5737 (and RFC 3849 below): addresses for documentation, which belong to no one.
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
DEVICES = (
    "Firefox on Windows", "Firefox on Linux", "Chrome on Windows", "Chrome on Android", "Safari on iPhone",
    "Safari on macOS", "Edge on Windows",
)  # fmt: skip
ELSEWHERE = ("PT", "PL", "BR", "VN", "KE")
STRENGTHS: tuple[Strength, ...] = ("STRONG", "STRONG", "STRONG", "FAIR", "FAIR", "WEAK")


def credentials(
    random: SeededRandom, who: Person, services: list[NewService], now: datetime
) -> tuple[NewCredential, ...]:
    """A credential for the client area, and one for each other platform that the customer's services need (R38)."""
    kinds = {service.kind for service in services}
    platforms: list[tuple[Platform, str]] = [("CLIENT_AREA", who.email)]
    if kinds & {"WEB_HOSTING", "CLOUD_SERVER"}:
        platforms.append(("MANAGEMENT_INTERFACE", f"u{100_000 + who.index}"))
    if "MAIL_HOSTING" in kinds:
        mailbox = next((each.domain.name for each in services if each.domain is not None), "mail.example")
        platforms.append(("WEBMAIL", f"contact+{who.index}@{mailbox}"))
    return tuple(_credential(random, who, platform, login, now) for platform, login in platforms)


def sign_ins(
    random: SeededRandom, who: Person, platforms: tuple[Platform, ...], now: datetime, ended_days: int | None
) -> list[NewSignIn]:
    """Three to twenty sign-ins of the last five months, some failed, a few from an unusual country (R18)."""
    least = ended_days or 0
    moments = sorted(random.ago(now, max(150, least), least) for _ in range(random.between(3, 20)))
    return [_sign_in(random, who, random.pick(platforms), at) for at in moments]


def sessions(random: SeededRandom, recent: list[NewSignIn], now: datetime) -> list[NewSession]:
    """Sessions of the last three successful sign-ins; those older than two weeks have ended."""
    return [_session(random, entry, now) for entry in recent if entry.outcome == "SUCCEEDED"][-3:]


def _credential(random: SeededRandom, who: Person, platform: Platform, login: str, now: datetime) -> NewCredential:
    changed = random.ago(now, (now - who.since).days)
    guarded = platform != "WEBMAIL" and (who.index == 0 or random.chance(45))
    return NewCredential(
        platform=platform,
        login_name=login,
        password_hash=demo_hash(who.email, platform),
        changed_at=changed,
        strength="STRONG" if who.index == 0 else random.pick(STRENGTHS),
        second_factors=_factors(random, who, platform, changed, now) if guarded else (),
    )


def _factors(
    random: SeededRandom, who: Person, platform: str, since: datetime, now: datetime
) -> tuple[NewSecondFactor, ...]:
    used = random.ago(now, max(1, (now - since).days))
    totp = NewSecondFactor("TOTP", demo_totp_secret(who.index, platform), since, max(since, used))
    codes = NewSecondFactor("RECOVERY_CODES", demo_recovery_set(who.index, platform), since, remaining=10)
    return (totp, codes) if random.chance(70) else (totp,)


def _sign_in(random: SeededRandom, who: Person, platform: Platform, at: datetime) -> NewSignIn:
    unusual = random.chance(3)
    return NewSignIn(
        platform=platform,
        at=at,
        outcome="FAILED" if random.chance(12) else "SUCCEEDED",
        ip_address=_ip_address(random),
        country=random.pick(ELSEWHERE) if unusual else who.country.code,
        device=random.pick(DEVICES),
        unusual=unusual,
    )


def _ip_address(random: SeededRandom) -> str:
    if random.chance(20):
        return f"2001:db8:{random.between(1, 0xFFFF):x}::{random.between(1, 0xFFFF):x}"
    return f"{random.pick(NETWORKS)}.{random.between(1, 254)}"


def _session(random: SeededRandom, entry: NewSignIn, now: datetime) -> NewSession:
    seen = min(now, entry.at + timedelta(minutes=random.between(2, 2000)))
    expires = entry.at + timedelta(days=14)
    closed = random.chance(40)
    return NewSession(
        platform=entry.platform,
        started_at=entry.at,
        last_seen_at=seen,
        expires_at=expires,
        ip_address=entry.ip_address,
        country=entry.country,
        device=entry.device,
        ended_at=min(expires, seen) if closed else expires if expires < now else None,
    )
