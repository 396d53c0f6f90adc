"""Adding and removing second factors."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, returned, unkept, user_errors, written
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.credentials import Credential, SecondFactor
from store.tables.credentials import credentials, second_factors

OWN = (SELF,)
FACTOR = Category.AUTH_FACTOR
WHICH = "The `id` of the `Credential` it is for; the one of this session when left out."
CODE = "A current code: needed when the session did not show a second factor of this platform in the last 5 minutes."


@strawberry.input(description="Begin with a second factor. What one platform has is not asked for on another.")
class BeginFactorInput:
    """For an authenticator app, a passkey, or new recovery codes."""

    credential: strawberry.ID | None = unkept(FACTOR, WHICH, OWN)
    code: str | None = unkept(FACTOR, CODE, OWN)


@plain_type
class EnrolTotpPayload:
    """What an authenticator app needs, shown this once; it protects nothing until `confirmTotp`."""

    factor: SecondFactor | None = affected("factor", second_factors, FACTOR, "The factor, unconfirmed.", OWN)
    secret: str | None = returned("secret", FACTOR, "The secret in base 32, to be typed in.", OWN)
    otpauth_uri: str | None = returned("uri", FACTOR, "The same as an address that authenticator apps open.", OWN)
    qr_svg: str | None = returned("qr_svg", FACTOR, "The same as a QR code: an SVG image.", OWN)
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="A first code, which proves that the app has the secret.")
class ConfirmTotpInput:
    """After `enrolTotp`."""

    credential: strawberry.ID | None = unkept(FACTOR, WHICH, OWN)
    code: str = unkept(FACTOR, "Six digits.", OWN)


@plain_type
class FactorPayload:
    """The factor that protects from now on."""

    factor: SecondFactor | None = affected("factor", second_factors, FACTOR, "The factor.", OWN)
    recovery_codes: list[str] | None = returned(
        "recovery_codes",
        FACTOR,
        "Ten codes for the day when nothing else is at hand, each good for one sign-in: shown this once, if new ones "
        "were made.",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class BeginPasskeyPayload:
    """What a browser needs to make a passkey."""

    options: str | None = returned(
        "options", FACTOR, "JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` (WebAuthn).", OWN
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="The passkey that the browser made.")
class RegisterPasskeyInput:
    """After `beginPasskey`."""

    credential: strawberry.ID | None = unkept(FACTOR, WHICH, OWN)
    response: str = unkept(FACTOR, "What `PublicKeyCredential.toJSON()` gives, as JSON.", OWN)
    label: str | None = written(second_factors.c.label, "What to call it, such as the device it is on.", OWN)


@strawberry.input(description="Which factor to take away.")
class RemoveSecondFactorInput:
    """The other sessions of the platform end."""

    id: strawberry.ID = unkept(FACTOR, "The `id` of the `SecondFactor`.", OWN)
    code: str | None = unkept(FACTOR, CODE, OWN)


@plain_type
class RemoveSecondFactorPayload:
    """What is left."""

    credential: Credential | None = affected("credential", credentials, FACTOR, "The sign-in afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
