"""How the demo's customers get in: credentials, second factors, sign-ins and sessions from documentation addresses."""

from datetime import datetime, timedelta

from gateway.demo.dice import Dice
from gateway.demo.factors import demo_recovery_set, demo_totp_secret
from gateway.demo.passwords import demo_hash
from gateway.demo.people import Person
from resolvers.customers.new_customer import (
    NewCredential,
    NewSecondFactor,
    NewService,
    NewSession,
    NewSignIn,
    Platform,
    Strength,
)

# RFC 5737 and RFC 3849: addresses that belong to no one.
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
DEVICES = (
    "Firefox on Windows", "Firefox on Linux", "Chrome on Windows", "Chrome on Android", "Safari on iPhone",
    "Safari on macOS", "Edge on Windows",
)  # fmt: skip
ELSEWHERE = ("PT", "PL", "BR", "VN", "KE")
STRENGTHS: tuple[Strength, ...] = ("STRONG", "STRONG", "STRONG", "FAIR", "FAIR", "WEAK")


def credentials(dice: Dice, who: Person, services: list[NewService], now: datetime) -> tuple[NewCredential, ...]:
    """One for the client area, and one for each other platform that a service of theirs needs (R38)."""
    kinds = {service.kind for service in services}
    platforms: list[tuple[Platform, str]] = [("CLIENT_AREA", who.email)]
    if kinds & {"WEB_HOSTING", "CLOUD_SERVER"}:
        platforms.append(("MANAGEMENT_INTERFACE", f"u{100_000 + who.index}"))
    if "MAIL_HOSTING" in kinds:
        mailbox = next((each.domain.name for each in services if each.domain is not None), "mail.example")
        platforms.append(("WEBMAIL", f"contact+{who.index}@{mailbox}"))
    return tuple(_credential(dice, who, platform, login, now) for platform, login in platforms)


def sign_ins(
    dice: Dice, who: Person, platforms: tuple[Platform, ...], now: datetime, ended_days: int | None
) -> list[NewSignIn]:
    """Up to a score in the last five months, some failed, a few from an unusual country (R18)."""
    least = ended_days or 0
    moments = sorted(dice.ago(now, max(150, least), least) for _ in range(dice.between(3, 20)))
    return [_sign_in(dice, who, dice.pick(platforms), at) for at in moments]


def sessions(dice: Dice, recent: list[NewSignIn], now: datetime) -> list[NewSession]:
    """The last successful sign-ins as sessions: those of the last fortnight may be open, the others ended."""
    return [_session(dice, entry, now) for entry in recent if entry.outcome == "SUCCEEDED"][-3:]


def _credential(dice: Dice, who: Person, platform: Platform, login: str, now: datetime) -> NewCredential:
    changed = dice.ago(now, (now - who.since).days)
    guarded = platform != "WEBMAIL" and (who.index == 0 or dice.chance(45))
    return NewCredential(
        platform=platform,
        login_name=login,
        password_hash=demo_hash(who.email, platform),
        changed_at=changed,
        strength="STRONG" if who.index == 0 else dice.pick(STRENGTHS),
        second_factors=_factors(dice, who, platform, changed, now) if guarded else (),
    )


def _factors(dice: Dice, who: Person, platform: str, since: datetime, now: datetime) -> tuple[NewSecondFactor, ...]:
    used = dice.ago(now, max(1, (now - since).days))
    totp = NewSecondFactor("TOTP", demo_totp_secret(who.index, platform), since, max(since, used))
    codes = NewSecondFactor("RECOVERY_CODES", demo_recovery_set(who.index, platform), since, remaining=10)
    return (totp, codes) if dice.chance(70) else (totp,)


def _sign_in(dice: Dice, who: Person, platform: Platform, at: datetime) -> NewSignIn:
    unusual = dice.chance(3)
    return NewSignIn(
        platform=platform,
        at=at,
        outcome="FAILED" if dice.chance(12) else "SUCCEEDED",
        ip_address=_ip_address(dice),
        country=dice.pick(ELSEWHERE) if unusual else who.country.code,
        device=dice.pick(DEVICES),
        unusual=unusual,
    )


def _ip_address(dice: Dice) -> str:
    if dice.chance(20):
        return f"2001:db8:{dice.between(1, 0xFFFF):x}::{dice.between(1, 0xFFFF):x}"
    return f"{dice.pick(NETWORKS)}.{dice.between(1, 254)}"


def _session(dice: Dice, entry: NewSignIn, now: datetime) -> NewSession:
    seen = min(now, entry.at + timedelta(minutes=dice.between(2, 2000)))
    expires = entry.at + timedelta(days=14)
    closed = dice.chance(40)
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
