"""The mutations that add and remove second factors."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.core.scalars import URL
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    returned,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.credentials import Credential, SecondFactor
from store.tables.credentials import credentials, second_factors

OWN = (SELF,)
FACTOR = Category.AUTH_FACTOR
WHICH = "The `id` of the `Credential`; the session's own when left out."
CODE = "A current code; required unless the session proved a second factor of this platform in the last 5 minutes."


@command_input("The platform of the authenticator app. Each platform has its own second factors.", OWN)
class EnrolTotpInput:
    """The first step, before `confirmTotp`."""

    credential_id: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class EnrolTotpPayload:
    """The secret for an authenticator app, returned once. The factor is not active until `confirmTotp`."""

    factor: SecondFactor | None = affected(
        "factor",
        second_factors,
        FACTOR,
        "The new factor, which counts once `confirmTotp` has proved it; null if none was made (`userErrors`).",
        OWN,
    )
    secret: str | None = returned(
        "secret", FACTOR, "The secret in base 32, for those who type it into an app; it is shown this once.", OWN
    )
    otpauth_uri: URL | None = returned(
        "uri", FACTOR, "The secret as an `otpauth:` URI, which authenticator apps open; it is shown this once.", OWN
    )
    qr_svg: str | None = returned(
        "qr_svg", FACTOR, "The URI as a QR code for an app's camera, as an SVG image; it is shown this once.", OWN
    )
    user_errors: list[UserError] = user_errors()


@command_input("The first code, which proves that the app has the secret.", OWN)
class ConfirmTotpInput:
    """The second step, after `enrolTotp`."""

    credential_id: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str = transient_input(FACTOR, "The six digits that the authenticator app shows at the moment.", OWN)


@plain_type
class ConfirmTotpPayload:
    """The active factor, with recovery codes if it is the first one."""

    factor: SecondFactor | None = affected(
        "factor",
        second_factors,
        FACTOR,
        "The factor, which is needed at sign-in from now on; null if the code was wrong (`userErrors`).",
        OWN,
    )
    recovery_codes: list[str] | None = returned(
        "recovery_codes",
        FACTOR,
        "Ten recovery codes, each valid for one sign-in; returned once, and only if new ones were generated.",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The platform of the passkey. Each platform has its own second factors.", OWN)
class BeginPasskeyInput:
    """The first step, before `registerPasskey`."""

    credential_id: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class BeginPasskeyPayload:
    """The options for creating a passkey."""

    options: str | None = returned(
        "options", FACTOR, "JSON for `PublicKeyCredential.parseCreationOptionsFromJSON` (WebAuthn).", OWN
    )
    user_errors: list[UserError] = user_errors()


@command_input("The passkey that the browser created.", OWN)
class RegisterPasskeyInput:
    """The second step, after `beginPasskey`."""

    credential_id: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    response: str = transient_input(FACTOR, "The JSON of `PublicKeyCredential.toJSON()` (WebAuthn).", OWN)
    label: str | None = stored_input(
        second_factors.c.label, "A name by which the customer knows it, such as the device that it is on.", OWN
    )


@plain_type
class RegisterPasskeyPayload:
    """The active passkey, with recovery codes if it is the first factor."""

    factor: SecondFactor | None = affected(
        "factor", second_factors, FACTOR, "The registered passkey; null if it was not (`userErrors`).", OWN
    )
    recovery_codes: list[str] | None = returned(
        "recovery_codes",
        FACTOR,
        "Ten recovery codes, each valid for one sign-in; returned once, and only if new ones were generated.",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The platform whose recovery codes are replaced.", OWN)
class RegenerateRecoveryCodesInput:
    """New recovery codes instead of those that are left."""

    credential_id: strawberry.ID | None = transient_input(FACTOR, WHICH, OWN)
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class RegenerateRecoveryCodesPayload:
    """The recovery codes as a factor, and the codes themselves."""

    factor: SecondFactor | None = affected(
        "factor",
        second_factors,
        FACTOR,
        "The factor that the new codes belong to; null if none were made (`userErrors`).",
        OWN,
    )
    recovery_codes: list[str] | None = returned(
        "recovery_codes",
        FACTOR,
        "Ten recovery codes, each valid for one sign-in; returned once.",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The factor that is no longer asked for, and a code.", OWN)
class RemoveSecondFactorInput:
    """The factor to remove; the other sessions of the platform end (S6)."""

    second_factor_id: strawberry.ID = transient_input(
        FACTOR, "The `id` of the `SecondFactor` that is no longer asked for.", OWN
    )
    code: str | None = transient_input(FACTOR, CODE, OWN)


@plain_type
class RemoveSecondFactorPayload:
    """The remaining sign-in of the platform."""

    credential: Credential | None = affected(
        "credential",
        credentials,
        FACTOR,
        "The sign-in that has lost the factor; null if nothing was removed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
