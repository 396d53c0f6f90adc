"""Passkeys (WebAuthn level 3), with user verification; each challenge and counter value is accepted once (S5)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.credentials import Account, Credentials
from resolvers.signins.secrets import hashed
from store.crypto.envelopes import open_envelope, seal
from store.database.store import Store
from store.queue.single_use import claim_within
from store.tables.credentials import second_factors
from store.tables.signin import passkey_challenges, passkeys

Ceremony = Literal["REGISTER", "SECOND_FACTOR"]
KEY, CHALLENGES = "passkey-users", "passkey-challenges"
LONGEST = 16_384
"""Maximum characters of a response; attestation `none` needs a few hundred."""
MOST = 20
"""Maximum passkeys of a credential."""


class PasskeyError(Exception):
    """The response of an authenticator is not accepted; the reason is not revealed."""


@dataclass(frozen=True, slots=True, repr=False)
class ProvenPasskey:
    """A verified passkey."""

    account: Account
    factor_id: int
    methods: tuple[str, ...]


class Passkeys:
    """The registration and authentication ceremonies of WebAuthn."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._credentials = Credentials(store)
        found = select(
            passkeys.c.handle,
            passkeys.c.public_key,
            passkeys.c.sign_count,
            passkeys.c.factor_id,
            second_factors.c.credential_id,
        )
        found = found.join_from(passkeys, second_factors, second_factors.c.id == passkeys.c.factor_id)
        self._by_handle = store.reader.prepare(found.where(passkeys.c.handle == bindparam("handle")))
        self._of_credential = store.reader.prepare(
            select(passkeys.c.handle)
            .join_from(passkeys, second_factors, second_factors.c.id == passkeys.c.factor_id)
            .where(second_factors.c.credential_id == bindparam("credential"))
        )

    async def registration(self, account: Account, name: str, now: datetime) -> str:
        """Begin a registration: the options as JSON for `navigator.credentials.create`."""
        options = generate_registration_options(
            rp_id=self._dependencies.site.host,
            rp_name=self._dependencies.site.name,
            user_id=await self._user(account),
            user_name=name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                # Discoverable, for sign-in without a login name.
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            # An authenticator that is registered already refuses, so that nothing is registered twice.
            exclude_credentials=await self._descriptors(account),
        )
        await self._remember(options.challenge, "REGISTER", account, now)
        return options_to_json(options)

    async def registered(self, account: Account, answer: str, now: datetime) -> VerifiedRegistration:
        """Verify the response of a registration; PasskeyError otherwise."""
        credential = _parsed(answer)
        challenge = await self._spent(credential, "REGISTER", account, now)
        try:
            return verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._dependencies.site.host,
                expected_origin=self._dependencies.site.passkey_origin,
                # The library's default is False: possession alone would suffice (S5).
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyError from error

    async def request(self, account: Account | None, now: datetime) -> str:
        """Begin an authentication: the options as JSON for `navigator.credentials.get`.

        With an account, whose password was right, only its passkeys are allowed. Without one the user chooses, and
        nothing is stored: the challenge is an encrypted expiry time, so that anonymous requests write nothing (G14).
        """
        options = generate_authentication_options(
            rp_id=self._dependencies.site.host,
            # None lets the library generate a random one, which is stored below.
            challenge=None if account else await self._sealed(now),
            allow_credentials=await self._descriptors(account) if account else None,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        if account is not None:
            await self._remember(options.challenge, "SECOND_FACTOR", account, now)
        return options_to_json(options)

    async def named(self, answer: str) -> Account | None:
        """The account that a response names; unverified, for counting attempts only."""
        try:
            row = await self._row(_parsed(answer))
        except PasskeyError:
            # The same look-up of an account follows for a malformed response (G7).
            row = [None] * 5
        return await self._credentials.by_id(row[4] or 0)

    async def presented(self, account: Account | None, answer: str, now: datetime) -> ProvenPasskey:
        """Verify the response of an authentication; PasskeyError otherwise (S5).

        1. The challenge is ours, for this ceremony and account, and is consumed; without an account it is consumed
        once a passkey was verified. 2. The passkey is registered, to this account if there is one, and to the user that
        the authenticator names. 3. Challenge, origin, relying party, user verification and signature are right. 4. The
        signature counter increased, unless the authenticator has none (0); it is stored at once, so that every replica
        refuses a clone.
        """
        credential = _parsed(answer)
        challenge = _challenge(credential)  # 1
        # Before anything is written: an expired challenge costs an anonymous caller's request no statement.
        until = await self._opened(challenge, now) if account is None else None
        if account is not None:
            await self._spent(credential, "SECOND_FACTOR", account, now)
        handle, public_key, count, factor_id, credential_id = await self._row(credential)  # 2
        owner = account or await self._credentials.by_id(credential_id)
        # The account of the first factor must be that of the second.
        if owner is None or owner.credential.id != credential_id or not await self._is_user(owner, credential):
            raise PasskeyError
        try:
            proven = verify_authentication_response(  # 3
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._dependencies.site.host,
                expected_origin=self._dependencies.site.passkey_origin,
                credential_public_key=public_key,
                credential_current_sign_count=count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyError from error
        async with self._store.write() as connection:
            # After verification, so that invalid responses write nothing (G14); once over all replicas.
            if until is not None and not await connection.run_sync(claim_within, CHALLENGES, challenge.hex(), until):
                raise PasskeyError
            if not await _count_up(connection, handle, proven.new_sign_count):  # 4
                raise PasskeyError
            await connection.execute(
                update(second_factors).where(second_factors.c.id == factor_id).values(last_used_at=now)
            )
        # RFC 8176: a device-bound key, or one that is synchronised and so a software key.
        kind = "hwk" if proven.credential_device_type is CredentialDeviceType.SINGLE_DEVICE else "swk"
        return ProvenPasskey(owner, factor_id, (kind, "user"))

    async def _row(self, credential: dict[str, Any]) -> Sequence[Any]:
        try:
            handle = base64url_to_bytes(credential["rawId"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise PasskeyError from error
        rows = await self._store.reader.fetch(self._by_handle, {"handle": handle})
        if not rows:
            raise PasskeyError
        return [bytes(rows[0][0]), bytes(rows[0][1]), *rows[0][2:]]

    async def _descriptors(self, account: Account) -> list[PublicKeyCredentialDescriptor]:
        rows = await self._store.reader.fetch(self._of_credential, {"credential": account.credential.id})
        return [PublicKeyCredentialDescriptor(id=bytes(handle)) for (handle,) in rows]

    async def _user(self, account: Account) -> bytes:
        """The user handle: opaque, and different on each platform."""
        # Derived instead of stored: the same handle for all passkeys of a credential, and none for others.
        key = await self._store.keys.system.named(KEY)
        return hmac.digest(key, str(account.credential.id).encode(), "sha256")

    async def _is_user(self, account: Account, credential: dict[str, Any]) -> bool:
        """True if the user handle is right, or absent: it is optional if `allowCredentials` was given (WebAuthn,
        7.2)."""
        response = credential.get("response")
        named = response.get("userHandle") if isinstance(response, dict) else None
        if not named:
            return True
        try:
            return hmac.compare_digest(base64url_to_bytes(named), await self._user(account))
        except (ValueError, TypeError, AttributeError):
            return False

    async def _sealed(self, now: datetime) -> bytes:
        """A stateless challenge: an encrypted expiry time."""
        until = int((now + self._dependencies.times.challenge).timestamp())
        return seal(await self._store.keys.system.named(CHALLENGES), until.to_bytes(8, "big"), b"")

    async def _opened(self, challenge: bytes, now: datetime) -> datetime:
        """Decrypt the expiry time of a stateless challenge; PasskeyError if it is not ours or expired."""
        content = open_envelope(await self._store.keys.system.named(CHALLENGES), challenge, b"")
        until = datetime.fromtimestamp(int.from_bytes(content or b"", "big"), UTC)
        if until <= now:
            raise PasskeyError
        return until

    async def _remember(self, challenge: bytes, ceremony: Ceremony, account: Account, now: datetime) -> None:
        row = {
            "challenge_hash": hashed(challenge.hex()),
            "customer_id": account.credential.customer_id,
            "credential_id": account.credential.id,
            "ceremony": ceremony,
            "expires_at": now + self._dependencies.times.challenge,
        }
        async with self._store.write() as connection:
            await connection.execute(insert(passkey_challenges).values(row))

    async def _spent(self, credential: dict[str, Any], ceremony: Ceremony, account: Account, now: datetime) -> bytes:
        """Consume the stored challenge of the response, whatever the outcome; PasskeyError if there is none."""
        challenge = _challenge(credential)
        mine = passkey_challenges.c.credential_id == account.credential.id
        spent = delete(passkey_challenges).where(
            passkey_challenges.c.challenge_hash == hashed(challenge.hex()),
            passkey_challenges.c.ceremony == ceremony,
            passkey_challenges.c.expires_at > now,
            mine,
        )
        async with self._store.write(apart=True) as connection:
            if (await connection.execute(spent)).rowcount != 1:
                raise PasskeyError
        return challenge


async def _count_up(connection: AsyncConnection, handle: bytes, count: int) -> bool:
    # 0 means that the authenticator has no counter, as synchronised passkeys.
    risen = passkeys.c.sign_count == 0 if count == 0 else passkeys.c.sign_count < count
    counted = update(passkeys).where(passkeys.c.handle == handle, risen).values(sign_count=count)
    return (await connection.execute(counted)).rowcount == 1


def _parsed(answer: str) -> dict[str, Any]:
    # Before parsing: JSON of any size would be work for an attacker to order (G1).
    if len(answer) > LONGEST:
        raise PasskeyError
    try:
        credential = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise PasskeyError from error
    if not isinstance(credential, dict):
        raise PasskeyError
    return credential


def _challenge(credential: dict[str, Any]) -> bytes:
    """The challenge in the client data; unverified until it is found or decrypted."""
    try:
        data = orjson.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(data["challenge"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise PasskeyError from error
