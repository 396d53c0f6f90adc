"""The root fields of mutations."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from policy.app_scopes import AppScope
from policy.purposes import Purpose
from resolvers.account import email_changing
from resolvers.account import factors_commands as factors
from resolvers.account.apps import end_app_session, withdraw_authorized_app
from resolvers.account.credentials_adding import add_credential
from resolvers.account.passwords_changing import change_password
from resolvers.account.sessions_commands import end_other_sessions, end_session
from resolvers.account.signins_reporting import record_sign_in
from resolvers.consents.preferences import choose_cookies, set_product_news
from resolvers.customers.profile import update_profile
from resolvers.customers.registering import register_customer
from resolvers.domains.registrations import register_domain, update_registrant
from resolvers.domains.renewing import renew_domain
from resolvers.domains.whois import set_visibility
from resolvers.exports.downloads import DownloadMade, create_export_download
from resolvers.payments import cards, payments
from resolvers.payments.invoices import cancel_invoice, record_invoice, record_payment
from resolvers.payments.paying import ForwardedMessage, forward_card, pay_with_card
from resolvers.restriction import restrictions as restricting
from resolvers.rights.asking import ask_about_reading
from resolvers.rights.requests import cancel_erasure, request_export
from resolvers.services.cancelling import Cancelled, cancel_service
from resolvers.services.services import subscribe_service, terminate_service
from schema.declare.commands import by_id, command, editable_columns
from schema.declare.fields import shared
from schema.declare.readers import SELF, WRITE_PROFILE
from schema.mutations.consents import (
    ChooseCookiesInput,
    ChooseCookiesPayload,
    SetProductNewsInput,
    SetProductNewsPayload,
)
from schema.mutations.email_changes import (
    ConfirmEmailChangeInput,
    ConfirmEmailChangePayload,
    RequestEmailChangeInput,
    RequestEmailChangePayload,
)
from schema.mutations.factors import (
    BeginPasskeyInput,
    BeginPasskeyPayload,
    ConfirmTotpInput,
    ConfirmTotpPayload,
    EnrolTotpInput,
    EnrolTotpPayload,
    RegenerateRecoveryCodesInput,
    RegenerateRecoveryCodesPayload,
    RegisterPasskeyInput,
    RegisterPasskeyPayload,
    RemoveSecondFactorInput,
    RemoveSecondFactorPayload,
)
from schema.mutations.invoicing import (
    INVOICED,
    CancelInvoiceInput,
    CancelInvoicePayload,
    RecordInvoiceInput,
    RecordInvoicePayload,
    RecordPaymentInput,
    RecordPaymentPayload,
)
from schema.mutations.passwords import (
    AddCredentialInput,
    AddCredentialPayload,
    ChangePasswordInput,
    ChangePasswordPayload,
)
from schema.mutations.paying import ForwardCardInput, ForwardCardPayload, PayWithCardInput, PayWithCardPayload
from schema.mutations.payments import (
    METHODS,
    AddBankTransferInput,
    AddBankTransferPayload,
    AddCardInput,
    AddCardPayload,
    AddPayPalInput,
    AddPayPalPayload,
    RemovePaymentMethodInput,
    RemovePaymentMethodPayload,
    SetDefaultPaymentMethodInput,
    SetDefaultPaymentMethodPayload,
    WithdrawCardConsentInput,
    WithdrawCardConsentPayload,
)
from schema.mutations.profile import UpdateProfileInput, UpdateProfilePayload
from schema.mutations.registering import RegisterCustomerInput, RegisterCustomerPayload
from schema.mutations.registrants import (
    REGISTRAR,
    RegisterDomainInput,
    RegisterDomainPayload,
    RenewDomainInput,
    RenewDomainPayload,
    UpdateRegistrantInput,
    UpdateRegistrantPayload,
)
from schema.mutations.requests import AskAboutReadingInput, AskAboutReadingPayload
from schema.mutations.restrictions import (
    LiftRestrictionInput,
    LiftRestrictionPayload,
    ObjectToInput,
    ObjectToPayload,
    RequestRestrictionInput,
    RequestRestrictionPayload,
    WithdrawObjectionInput,
    WithdrawObjectionPayload,
)
from schema.mutations.sessions import EndOtherSessionsInput, EndOtherSessionsPayload, EndSessionInput, EndSessionPayload
from schema.mutations.signin_reports import SECURITY, RecordSignInInput, RecordSignInPayload
from schema.mutations.whois import SetWhoisVisibilityInput, SetWhoisVisibilityPayload
from schema.types.apps import (
    EndAppSessionInput,
    EndAppSessionPayload,
    WithdrawAuthorizedAppInput,
    WithdrawAuthorizedAppPayload,
)
from schema.types.customers import Customer
from schema.types.erasures import (
    CancelErasureInput,
    CancelErasurePayload,
    RequestErasureInput,
    RequestErasurePayload,
    request_erasure,
)
from schema.types.exports import (
    CreateExportDownloadInput,
    CreateExportDownloadPayload,
    RequestExportInput,
    RequestExportPayload,
)
from schema.types.services import (
    PROVIDED,
    CancelServiceInput,
    CancelServicePayload,
    SubscribeServiceInput,
    SubscribeServicePayload,
    TerminateServiceInput,
    TerminateServicePayload,
)

CARDS_FORWARD = frozenset({"cards:forward"})
SIGNINS_WRITE = frozenset({"signins:write"})
DOMAINS_WRITE = frozenset({"domains:write"})
CUSTOMERS_WRITE = frozenset({"customers:write"})
SERVICES_WRITE = frozenset({"services:write"})
INVOICES_WRITE = frozenset({"invoices:write"})
FOR = "credentialId", "Credential"


@strawberry.type(description="The changes that can be made. They are executed in order, each completely or not at all.")
class Mutation:
    """Root fields of mutations; each docstring is the field's description in the printed schema."""

    @command(partial(update_profile, editable_columns(Customer)), (WRITE_PROFILE,))
    def update_profile(
        self,
        input: Annotated[
            UpdateProfileInput,
            strawberry.argument(description="The fields to change; what is left out stays as it is."),
        ],
    ) -> UpdateProfilePayload | None:
        """Change one's own profile, at any time."""

    @command(add_credential, (SELF,), step_up=True)
    def add_credential(
        self,
        input: Annotated[
            AddCredentialInput, strawberry.argument(description="The platform, the login name and the password.")
        ],
    ) -> AddCredentialPayload | None:
        """Set up the sign-in of a platform that one cannot sign in to yet."""

    @command(by_id(change_password, *FOR), (SELF,), step_up=True)
    def change_password(
        self,
        input: Annotated[ChangePasswordInput, strawberry.argument(description="The current and the new password.")],
    ) -> ChangePasswordPayload | None:
        """Change the password of one platform; all other sessions of that platform end."""

    @command(by_id(factors.enrol_totp, *FOR), (SELF,), step_up=True)
    def enrol_totp(
        self,
        input: Annotated[
            EnrolTotpInput, strawberry.argument(description="The platform; the session's own when left out.")
        ],
    ) -> EnrolTotpPayload | None:
        """Begin the enrolment of an authenticator app (TOTP, RFC 6238: six digits, 30 seconds, SHA-1)."""

    # No step-up: `enrolTotp` needed it, and the code proves the secret that it returned.
    @command(by_id(factors.confirm_totp, *FOR), (SELF,))
    def confirm_totp(
        self, input: Annotated[ConfirmTotpInput, strawberry.argument(description="The first code that the app shows.")]
    ) -> ConfirmTotpPayload | None:
        """Finish the enrolment of an authenticator app: sign-ins ask for it from now on. An earlier app is removed."""

    @command(by_id(factors.begin_passkey, *FOR), (SELF,), step_up=True)
    def begin_passkey(
        self,
        input: Annotated[
            BeginPasskeyInput, strawberry.argument(description="The platform; the session's own when left out.")
        ],
    ) -> BeginPasskeyPayload | None:
        """Begin the registration of a passkey, which serves as a second factor or instead of the password."""

    # No step-up: the challenge of `beginPasskey`, which needed it, is for this account alone.
    @command(by_id(factors.finish_passkey, *FOR), (SELF,))
    def register_passkey(
        self,
        input: Annotated[
            RegisterPasskeyInput, strawberry.argument(description="The credential that the browser created.")
        ],
    ) -> RegisterPasskeyPayload | None:
        """Finish the registration of a passkey."""

    @command(by_id(factors.regenerate_recovery_codes, *FOR), (SELF,), step_up=True)
    def regenerate_recovery_codes(
        self,
        input: Annotated[
            RegenerateRecoveryCodesInput,
            strawberry.argument(description="The platform; the session's own when left out."),
        ],
    ) -> RegenerateRecoveryCodesPayload | None:
        """Generate ten new recovery codes; the old ones become invalid."""

    @command(by_id(factors.remove_second_factor, "secondFactorId", "SecondFactor"), (SELF,), step_up=True)
    def remove_second_factor(
        self,
        input: Annotated[
            RemoveSecondFactorInput,
            strawberry.argument(description="The factor to remove, and a code that shows who removes it."),
        ],
    ) -> RemoveSecondFactorPayload | None:
        """Remove a second factor; all other sessions of its platform end."""

    # No step-up here and below: ending access protects, and a stolen session gains no data by it.
    @command(by_id(end_session, "sessionId", "Session"), (SELF,))
    def end_session(
        self, input: Annotated[EndSessionInput, strawberry.argument(description="The browser or app to sign out.")]
    ) -> EndSessionPayload | None:
        """Sign out one browser or app, which may be the present one."""

    @command(end_other_sessions, (SELF,))
    def end_other_sessions(
        self,
        input: Annotated[
            EndOtherSessionsInput, strawberry.argument(description="Nothing to choose: every other session ends.")
        ],
    ) -> EndOtherSessionsPayload | None:
        """Sign out everywhere else, on every platform."""

    @command(by_id(withdraw_authorized_app, "authorizedAppId", "AuthorizedApp"), (SELF,))
    def withdraw_authorized_app(
        self,
        input: Annotated[
            WithdrawAuthorizedAppInput, strawberry.argument(description="The app whose permission is taken back.")
        ],
    ) -> WithdrawAuthorizedAppPayload | None:
        """Withdraw the authorization of a third-party app; its tokens stop working at once."""

    @command(by_id(end_app_session, "appSessionId", "AppSession"), (SELF,))
    def end_app_session(
        self, input: Annotated[EndAppSessionInput, strawberry.argument(description="The tokens of an app to revoke.")]
    ) -> EndAppSessionPayload | None:
        """Sign out one app on one device; its tokens stop working at once."""

    # stores=True: recording a sign-in is storing, which a restriction permits (GDPR Art. 18(2)).
    @command(by_id(record_sign_in, "customerId", "Customer", stores=True), SECURITY, SIGNINS_WRITE)
    def record_sign_in(
        self,
        input: Annotated[
            RecordSignInInput,
            strawberry.argument(description="The customer, the platform and the origin of the sign-in."),
        ],
    ) -> RecordSignInPayload | None:
        """Record a sign-in to a platform that is not part of the gateway (webmail, management interface)."""

    @command(by_id(register_domain, "serviceId", "Service"), REGISTRAR, DOMAINS_WRITE)
    def register_domain(
        self, input: Annotated[RegisterDomainInput, strawberry.argument(description="The domain and its registrant.")]
    ) -> RegisterDomainPayload | None:
        """Record the registration of a domain for a customer, with its registrant."""

    # It stores what the registry has done: unrecorded, the domain would count as ended.
    @command(by_id(renew_domain, "domainId", "Domain", stores=True), REGISTRAR, DOMAINS_WRITE)
    def renew_domain(
        self, input: Annotated[RenewDomainInput, strawberry.argument(description="The domain and its new end.")]
    ) -> RenewDomainPayload | None:
        """Record that the registration of a domain was renewed; one in its redemption period is active again."""

    @command(by_id(update_registrant, "domainId", "Domain"), (SELF,), step_up=True)
    def update_registrant(
        self,
        input: Annotated[UpdateRegistrantInput, strawberry.argument(description="The domain and its new registrant.")],
    ) -> UpdateRegistrantPayload | None:
        """Change the registrant of one's own domain or a detail of theirs; other persons concerned are informed."""

    @command(by_id(set_visibility, "domainId", "Domain"), (shared(AppScope.WHOIS_WRITE),))
    def set_whois_visibility(
        self, input: Annotated[SetWhoisVisibilityInput, strawberry.argument(description="The details to hide.")]
    ) -> SetWhoisVisibilityPayload | None:
        """Hide details of a domain's registrant in the whois, where the registry allows it."""

    @command(email_changing.request_change, (SELF,), step_up=True)
    def request_email_change(
        self,
        input: Annotated[
            RequestEmailChangeInput, strawberry.argument(description="The new address, to which a link is sent.")
        ],
    ) -> RequestEmailChangePayload | None:
        """Send a confirmation link to a new e-mail address; the current address is informed, too."""

    # No step-up: the link proves access to the new address, and the request needed it.
    @command(email_changing.confirm_change, (SELF,))
    def confirm_email_change(
        self,
        input: Annotated[ConfirmEmailChangeInput, strawberry.argument(description="The secret from that message.")],
    ) -> ConfirmEmailChangePayload | None:
        """Confirm the new e-mail address; all other sessions end."""

    # No step-up: withdrawing a consent must be as easy as giving it (GDPR Art. 7(3)).
    @command(set_product_news, (shared(AppScope.CHOICES_WRITE),))
    def set_product_news(
        self,
        input: Annotated[
            SetProductNewsInput, strawberry.argument(description="Whether the customer wants news by e-mail.")
        ],
    ) -> SetProductNewsPayload | None:
        """Switch news by e-mail on or off, at once."""

    @command(choose_cookies, (shared(AppScope.CHOICES_WRITE),))
    def choose_cookies(
        self,
        input: Annotated[
            ChooseCookiesInput, strawberry.argument(description="The choice, with the wording that was shown.")
        ],
    ) -> ChooseCookiesPayload | None:
        """Accept or refuse cookies that are not essential."""

    @command(cards.add_card, (SELF,), step_up=True)
    def add_card(
        self, input: Annotated[AddCardInput, strawberry.argument(description="The card and the consent.")]
    ) -> AddCardPayload | None:
        """Store a card for later payments, with consent to exactly that; the security code is never stored."""

    @command(by_id(by_id(pay_with_card, "invoiceId", "Invoice"), "cardId", "Card"), (SELF,), step_up=True)
    def pay_with_card(
        self, input: Annotated[PayWithCardInput, strawberry.argument(description="The invoice and the card.")]
    ) -> PayWithCardPayload | None:
        """Pay an invoice by card. The gateway forwards the card to the payment affiliate and records the disclosure."""

    # A purpose and a scope: the purpose alone must not let a tool send cards away.
    @command(
        by_id(forward_card, "cardId", "Card", refused=ForwardedMessage), (Purpose.PAYMENT_EXECUTION,), CARDS_FORWARD
    )
    def forward_card(
        self, input: Annotated[ForwardCardInput, strawberry.argument(description="The card and the affiliate.")]
    ) -> ForwardCardPayload | None:
        """Forward a stored card to a registered payment affiliate. The caller does not see the number."""

    # No step-up: withdrawing is as easy as giving, and deletes data only (GDPR Art. 7(3)).
    @command(cards.withdraw_consent, (SELF,))
    def withdraw_card_consent(
        self,
        input: Annotated[
            WithdrawCardConsentInput,
            strawberry.argument(description="Nothing to choose: every kept number is deleted."),
        ],
    ) -> WithdrawCardConsentPayload | None:
        """Withdraw the consent to store cards: their numbers are deleted at once."""

    @command(payments.add_paypal, (SELF,), step_up=True)
    def add_pay_pal(
        self, input: Annotated[AddPayPalInput, strawberry.argument(description="The account, by its e-mail address.")]
    ) -> AddPayPalPayload | None:
        """Add a PayPal account as a payment method."""

    @command(payments.add_bank_transfer, (SELF,), step_up=True)
    def add_bank_transfer(
        self,
        input: Annotated[
            AddBankTransferInput, strawberry.argument(description="The bank that the customer pays from.")
        ],
    ) -> AddBankTransferPayload | None:
        """Add bank transfer as a payment method."""

    # No step-up: it chooses among methods that were added with one.
    @command(by_id(payments.set_default, "paymentMethodId", *METHODS), (SELF,))
    def set_default_payment_method(
        self,
        input: Annotated[
            SetDefaultPaymentMethodInput, strawberry.argument(description="The way to pay that becomes the default.")
        ],
    ) -> SetDefaultPaymentMethodPayload | None:
        """Make this the default payment method."""

    @command(by_id(payments.remove, "paymentMethodId", *METHODS), (SELF,))
    def remove_payment_method(
        self,
        input: Annotated[
            RemovePaymentMethodInput, strawberry.argument(description="The way to pay that is no longer used.")
        ],
    ) -> RemovePaymentMethodPayload | None:
        """Remove a payment method, including the number of a stored card."""

    @command(request_export, (SELF,), step_up=True)
    def request_export(
        self,
        input: Annotated[
            RequestExportInput, strawberry.argument(description="The language in which the page is written.")
        ],
    ) -> RequestExportPayload | None:
        """Request an export of all data held about oneself (GDPR Art. 15, 20); an e-mail says when it is ready."""

    @command(by_id(create_export_download, "exportId", "Export", refused=DownloadMade), (SELF,), step_up=True)
    def create_export_download(
        self,
        input: Annotated[
            CreateExportDownloadInput, strawberry.argument(description="The export, and the form to download it in.")
        ],
    ) -> CreateExportDownloadPayload | None:
        """Make an address by which a browser downloads one of one's exports once, within two minutes, without a
        token."""

    @command(request_erasure, (SELF,), step_up=True)
    def request_erasure(
        self,
        input: Annotated[
            RequestErasureInput, strawberry.argument(description="Whether the erasure may wait for running services.")
        ],
    ) -> RequestErasurePayload | None:
        """Request the erasure of all data held about oneself, within 30 days, once every service has ended."""

    # No step-up: cancelling keeps data, and must be possible in a hurry.
    @command(by_id(cancel_erasure, "erasureId", "Erasure"), (SELF,))
    def cancel_erasure(
        self,
        input: Annotated[
            CancelErasureInput, strawberry.argument(description="The erasure to call off before it begins.")
        ],
    ) -> CancelErasurePayload | None:
        """Cancel an erasure that has not begun."""

    @command(ask_about_reading, (SELF,))
    def ask_about_reading(
        self,
        input: Annotated[AskAboutReadingInput, strawberry.argument(description="The reading, and the question.")],
    ) -> AskAboutReadingPayload | None:
        """Ask about a reading of one's own data; the answer is due within a month (GDPR Art. 12(3))."""

    @command(restricting.request_restriction, (SELF,), step_up=True)
    def request_restriction(
        self,
        input: Annotated[
            RequestRestrictionInput, strawberry.argument(description="The ground on which processing is restricted.")
        ],
    ) -> RequestRestrictionPayload | None:
        """Restrict the processing of one's own data to storage, at once (GDPR Art. 18)."""

    @command(restricting.lift_restriction, (SELF,), step_up=True)
    def lift_restriction(
        self,
        input: Annotated[
            LiftRestrictionInput, strawberry.argument(description="Nothing to choose: one's own restriction ends.")
        ],
    ) -> LiftRestrictionPayload | None:
        """End one's own restriction, at once."""

    @command(restricting.object_to_purpose, (SELF,))
    def object_to(
        self,
        input: Annotated[ObjectToInput, strawberry.argument(description="The purpose that the customer objects to.")],
    ) -> ObjectToPayload | None:
        """Object to a purpose (GDPR Art. 21). Unless exempt it is suspended at once, and decided within a month."""

    # No step-up: it allows nothing that was not allowed before the objection.
    @command(restricting.withdraw_objection, (SELF,))
    def withdraw_objection(
        self,
        input: Annotated[
            WithdrawObjectionInput, strawberry.argument(description="The purpose of the objection that is taken back.")
        ],
    ) -> WithdrawObjectionPayload | None:
        """Take an objection to a purpose back, upon which it may use the data again."""

    # Not by_id: there is no row yet.
    @command(register_customer, PROVIDED, CUSTOMERS_WRITE)
    def register_customer(
        self,
        input: Annotated[
            RegisterCustomerInput, strawberry.argument(description="The particulars of the new customer.")
        ],
    ) -> RegisterCustomerPayload | None:
        """Register a customer, who then chooses a password through a link sent to their address."""

    @command(by_id(record_invoice, "customerId", "Customer"), INVOICED, INVOICES_WRITE)
    def record_invoice(
        self, input: Annotated[RecordInvoiceInput, strawberry.argument(description="The invoice and its customer.")]
    ) -> RecordInvoicePayload | None:
        """Record an invoice under its number. Sent again it changes nothing; the same number for another invoice is
        refused."""

    @command(by_id(record_payment, "invoiceId", "Invoice"), INVOICED, INVOICES_WRITE)
    def record_payment(
        self, input: Annotated[RecordPaymentInput, strawberry.argument(description="The invoice and its payment.")]
    ) -> RecordPaymentPayload | None:
        """Record that an invoice was paid outside of the gateway, such as by bank transfer."""

    @command(by_id(cancel_invoice, "invoiceId", "Invoice"), INVOICED, INVOICES_WRITE)
    def cancel_invoice(
        self,
        input: Annotated[
            CancelInvoiceInput, strawberry.argument(description="The open invoice that nobody has to pay any more.")
        ],
    ) -> CancelInvoicePayload | None:
        """Cancel an open invoice, which is then not to be paid."""

    @command(by_id(subscribe_service, "customerId", "Customer"), PROVIDED, SERVICES_WRITE)
    def subscribe_service(
        self, input: Annotated[SubscribeServiceInput, strawberry.argument(description="The service and its customer.")]
    ) -> SubscribeServicePayload | None:
        """Start a service of a customer; the retention period before automatic erasure stops."""

    @command(by_id(cancel_service, "serviceId", "Service", refused=Cancelled), (SELF,), step_up=True)
    def cancel_service(
        self,
        input: Annotated[
            CancelServiceInput, strawberry.argument(description="The service to end, or to ask about first.")
        ],
    ) -> CancelServicePayload | None:
        """End one's own service now, or say what would follow: its domain is free for others, and with the last service
        the period before automatic erasure starts."""

    @command(by_id(terminate_service, "serviceId", "Service"), PROVIDED, SERVICES_WRITE)
    def terminate_service(
        self,
        input: Annotated[
            TerminateServiceInput, strawberry.argument(description="The service to end, and the time of its end.")
        ],
    ) -> TerminateServicePayload | None:
        """End a service of a customer; with the last one the retention period before automatic erasure starts."""
