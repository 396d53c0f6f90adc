"""The mutations that add and remove second factors."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, returned, stored_input, transient_input, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.credentials import Credential, SecondFactor
from store.tables.credentials import credentials, second_factors

OWN = (SELF,)
FACTOR = Category.AUTH_FACTOR
WHICH = "The `id` of the `Credential`; the session's own when left out."
CODE = "A current code; required unless the session proved a second factor of this platform in the last 5 minutes."


@strawberry.input(description="The start of an enrolment. Each platform has its own second factors.")
class BeginFactorInput:
    """The start of an enrolment: authenticator app, passkey, or new recovery codes."""

    credential: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class EnrolTotpPayload:
    """The secret for an authenticator app, returned once. The factor is not active until `confirmTotp`."""

    factor: SecondFactor | None = affected("factor", second_factors, FACTOR, "The factor, unconfirmed.", OWN)
    secret: str | None = returned("secret", FACTOR, "The secret in base 32, for typing.", OWN)
    otpauth_uri: str | None = returned("uri", FACTOR, "The secret as an `otpauth:` URI.", OWN)
    qr_svg: str | None = returned("qr_svg", FACTOR, "The URI as a QR code (SVG).", OWN)
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="The first code, which proves that the app has the secret.")
class ConfirmTotpInput:
    """The second step, after `enrolTotp`."""

    credential: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str = transient_input(FACTOR, "Six digits.", OWN)


@plain_type
class FactorPayload:
    """The active factor."""

    factor: SecondFactor | None = affected("factor", second_factors, FACTOR, "The factor.", OWN)
    recovery_codes: list[str] | None = returned(
        "recovery_codes",
        FACTOR,
        "Ten recovery codes, each valid for one sign-in; returned once, and only if new ones were generated.",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class BeginPasskeyPayload:
    """The options for creating a passkey."""

    options: str | None = returned(
        "options", FACTOR, "JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` (WebAuthn).", OWN
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="The passkey that the browser created.")
class RegisterPasskeyInput:
    """The second step, after `beginPasskey`."""

    credential: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    response: str = transient_input(FACTOR, "The JSON of `PublicKeyCredential.toJSON()` (WebAuthn).", OWN)
    label: str | None = stored_input(second_factors.c.label, "A label, such as the device it is stored on.", OWN)


@strawberry.input(description="The factor to remove.")
class RemoveSecondFactorInput:
    """The factor to remove; the other sessions of the platform end (S6)."""

    id: strawberry.ID = transient_input(FACTOR, "The `id` of the `SecondFactor`.", OWN)
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class RemoveSecondFactorPayload:
    """The remaining sign-in of the platform."""

    credential: Credential | None = affected("credential", credentials, FACTOR, "The sign-in afterwards.", OWN)
    user_errors: list[UserError] = user_errors()
