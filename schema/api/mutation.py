"""The root fields that change something."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import strawberry

from policy.app_scopes import AppScope
from policy.purposes import Purpose
from resolvers.account import email_changing
from resolvers.account import factors_commands as factors
from resolvers.account.apps import end_app_session, withdraw_authorized_app
from resolvers.account.passwords_changing import change_password
from resolvers.account.sessions_commands import end_other_sessions, end_session
from resolvers.account.signins_reporting import record_access
from resolvers.consents.preferences import choose_cookies, set_product_news
from resolvers.customers.profile import update_profile
from resolvers.customers.registering import register_customer
from resolvers.domains.registrations import register_domain, update_registrant
from resolvers.domains.whois import set_visibility
from resolvers.payments import cards, payments
from resolvers.payments.paying import ForwardedMessage, forward_card, pay_with_card
from resolvers.restriction import restrictions as restricting
from resolvers.rights.requests import cancel_erasure, request_export
from resolvers.services.services import subscribe_service, terminate_service
from schema.declare.commands import by_id, command, editable_columns
from schema.declare.fields import shared
from schema.declare.readers import SELF, WRITE_PROFILE
from schema.mutations.access_reports import SECURITY, RecordAccessInput, RecordAccessPayload
from schema.mutations.consents import (
    ChooseCookiesInput,
    ChooseCookiesPayload,
    SetProductNewsInput,
    SetProductNewsPayload,
)
from schema.mutations.email_changes import ConfirmEmailChangeInput, EmailChangePayload, RequestEmailChangeInput
from schema.mutations.factors import (
    BeginFactorInput,
    BeginPasskeyPayload,
    ConfirmTotpInput,
    EnrolTotpPayload,
    FactorPayload,
    RegisterPasskeyInput,
    RemoveSecondFactorInput,
    RemoveSecondFactorPayload,
)
from schema.mutations.passwords import ChangePasswordInput, ChangePasswordPayload
from schema.mutations.payments import (
    METHODS,
    AddBankTransferInput,
    AddCardInput,
    AddCardPayload,
    AddPayPalInput,
    ForwardCardInput,
    ForwardCardPayload,
    PaymentMethodInput,
    PaymentMethodPayload,
    PayWithCardInput,
    PayWithCardPayload,
    RemovePaymentMethodPayload,
    WithdrawCardConsentPayload,
)
from schema.mutations.profile import UpdateProfileInput, UpdateProfilePayload
from schema.mutations.registering import RegisterCustomerInput, RegisterCustomerPayload
from schema.mutations.registrants import REGISTRAR, RegisterDomainInput, RegistrantPayload, UpdateRegistrantInput
from schema.mutations.restrictions import ObjectionInput, RequestRestrictionInput, RestrictionPayload
from schema.mutations.sessions import EndOtherSessionsPayload, EndSessionInput, EndSessionPayload
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
from schema.types.exports import RequestExportInput, RequestExportPayload
from schema.types.services import PROVIDED, ServicePayload, SubscribeServiceInput, TerminateServiceInput

CARDS_FORWARD = frozenset({"cards:forward"})
ACCESS_WRITE = frozenset({"access:write"})
DOMAINS_WRITE = frozenset({"domains:write"})
CUSTOMERS_WRITE = frozenset({"customers:write"})
SERVICES_WRITE = frozenset({"services:write"})
FOR = "credential", "Credential"
ExportInput = Annotated[RequestExportInput | None, strawberry.argument(description="In which language.")]
ErasureInput = Annotated[RequestErasureInput | None, strawberry.argument(description="Whether it may wait.")]
BeginFactor = Annotated[
    BeginFactorInput | None, strawberry.argument(description="Which platform; this session's when left out.")
]


@strawberry.type(description="What may be changed. Each is carried out whole or not at all, one after the other.")
class Mutation:
    """The commands."""

    @command(partial(update_profile, editable_columns(Customer)), (WRITE_PROFILE,))
    def update_profile(
        self, input: Annotated[UpdateProfileInput, strawberry.argument(description="What to change.")]
    ) -> UpdateProfilePayload:
        """Change the own profile, at any time."""

    @command(by_id(change_password, *FOR), (SELF,), step_up=True)
    def change_password(
        self, input: Annotated[ChangePasswordInput, strawberry.argument(description="The old and the new one.")]
    ) -> ChangePasswordPayload:
        """Change the password of one platform; everybody else who is signed in there is signed out."""

    @command(by_id(factors.enrol_totp, *FOR), (SELF,), step_up=True)
    def enrol_totp(self, input: BeginFactor = strawberry.UNSET) -> EnrolTotpPayload:
        """Begin with an authenticator app (RFC 6238): six digits, 30 seconds, SHA-1, which every app knows."""

    @command(by_id(factors.confirm_totp, *FOR), (SELF,))
    def confirm_totp(
        self, input: Annotated[ConfirmTotpInput, strawberry.argument(description="A first code.")]
    ) -> FactorPayload:
        """Finish with an authenticator app: from now on it is asked for at each sign-in, in place of an earlier one."""

    @command(by_id(factors.begin_passkey, *FOR), (SELF,), step_up=True)
    def begin_passkey(self, input: BeginFactor = strawberry.UNSET) -> BeginPasskeyPayload:
        """Begin with a passkey, which serves as the second factor or in place of the password."""

    @command(by_id(factors.finish_passkey, *FOR), (SELF,))
    def register_passkey(
        self, input: Annotated[RegisterPasskeyInput, strawberry.argument(description="What the browser made.")]
    ) -> FactorPayload:
        """Finish with a passkey."""

    @command(by_id(factors.regenerate_recovery_codes, *FOR), (SELF,), step_up=True)
    def regenerate_recovery_codes(self, input: BeginFactor = strawberry.UNSET) -> FactorPayload:
        """Make ten new recovery codes; the old ones are void."""

    @command(by_id(factors.remove_second_factor, "id", "SecondFactor"), (SELF,), step_up=True)
    def remove_second_factor(
        self, input: Annotated[RemoveSecondFactorInput, strawberry.argument(description="Which one.")]
    ) -> RemoveSecondFactorPayload:
        """Take a second factor away; everybody else who is signed in on its platform is signed out."""

    @command(by_id(end_session, "id", "Session"), (SELF,))
    def end_session(
        self, input: Annotated[EndSessionInput, strawberry.argument(description="Which one.")]
    ) -> EndSessionPayload:
        """Sign out one browser or app."""

    @command(end_other_sessions, (SELF,))
    def end_other_sessions(self) -> EndOtherSessionsPayload:
        """Sign out everywhere else, on every platform."""

    @command(by_id(withdraw_authorized_app, "id", "AuthorizedApp"), (SELF,))
    def withdraw_authorized_app(
        self, input: Annotated[WithdrawAuthorizedAppInput, strawberry.argument(description="Which one.")]
    ) -> WithdrawAuthorizedAppPayload:
        """Take back all that was allowed to an app of somebody else; its tokens stop working at once."""

    @command(by_id(end_app_session, "id", "AppSession"), (SELF,))
    def end_app_session(
        self, input: Annotated[EndAppSessionInput, strawberry.argument(description="Which one.")]
    ) -> EndAppSessionPayload:
        """Sign out one app on one device; its tokens stop working at once."""

    @command(by_id(record_access, "customer", "Customer", stores=True), SECURITY, ACCESS_WRITE)
    def record_access(
        self, input: Annotated[RecordAccessInput, strawberry.argument(description="Who, where, from where.")]
    ) -> RecordAccessPayload:
        """Record an access to a platform elsewhere (webmail, management interface)."""

    @command(by_id(register_domain, "service", "Service"), REGISTRAR, DOMAINS_WRITE)
    def register_domain(
        self, input: Annotated[RegisterDomainInput, strawberry.argument(description="Which, and whose.")]
    ) -> RegistrantPayload:
        """Note that a domain is registered for a customer, with its owner."""

    @command(by_id(update_registrant, "domain", "Domain"), (SELF,), step_up=True)
    def update_registrant(
        self, input: Annotated[UpdateRegistrantInput, strawberry.argument(description="Which domain, and who.")]
    ) -> RegistrantPayload:
        """Change the owner of an own domain, or a detail of theirs; whoever else it is, is told."""

    @command(by_id(set_visibility, "domain", "Domain"), (shared(AppScope.WHOIS_WRITE),))
    def set_whois_visibility(
        self, input: Annotated[SetWhoisVisibilityInput, strawberry.argument(description="What to hide.")]
    ) -> SetWhoisVisibilityPayload:
        """Hide all or part of a domain's owner in the whois, where the registry allows it."""

    @command(email_changing.request_change, (SELF,), step_up=True)
    def request_email_change(
        self, input: Annotated[RequestEmailChangeInput, strawberry.argument(description="The new address.")]
    ) -> EmailChangePayload:
        """Have a link sent to a new e-mail address; the present one is told, too."""

    @command(email_changing.confirm_change, (SELF,))
    def confirm_email_change(
        self, input: Annotated[ConfirmEmailChangeInput, strawberry.argument(description="From that message.")]
    ) -> EmailChangePayload:
        """Put the new e-mail address in place; everybody else who is signed in is signed out."""

    @command(set_product_news, (shared(AppScope.CHOICES_WRITE),))
    def set_product_news(
        self, input: Annotated[SetProductNewsInput, strawberry.argument(description="On or off.")]
    ) -> SetProductNewsPayload:
        """Switch news by e-mail on or off, at once."""

    @command(choose_cookies, (shared(AppScope.CHOICES_WRITE),))
    def choose_cookies(
        self, input: Annotated[ChooseCookiesInput, strawberry.argument(description="Accept or refuse.")]
    ) -> ChooseCookiesPayload:
        """Choose about cookies that are not essential."""

    @command(cards.add_card, (SELF,), step_up=True)
    def add_card(
        self, input: Annotated[AddCardInput, strawberry.argument(description="The card, and the ticked box.")]
    ) -> AddCardPayload:
        """Keep a card for later payments; only with consent to exactly that, and never with its security code."""

    @command(by_id(by_id(pay_with_card, "invoice", "Invoice"), "card", "Card"), (SELF,), step_up=True)
    def pay_with_card(
        self, input: Annotated[PayWithCardInput, strawberry.argument(description="What, and with which card.")]
    ) -> PayWithCardPayload:
        """Pay an invoice by card. The gateway forwards the card to the payment affiliate; the customer sees it did."""

    @command(by_id(forward_card, "card", "Card", refused=ForwardedMessage), (Purpose.PAYMENT_EXECUTION,), CARDS_FORWARD)
    def forward_card(
        self, input: Annotated[ForwardCardInput, strawberry.argument(description="Which card, to whom.")]
    ) -> ForwardCardPayload:
        """Forward a kept card to a registered payment affiliate; nobody else, the caller included, sees its number."""

    @command(cards.withdraw_consent, (SELF,))
    def withdraw_card_consent(self) -> WithdrawCardConsentPayload:
        """Take the consent to keep cards back: their numbers are deleted at once."""

    @command(payments.add_paypal, (SELF,), step_up=True)
    def add_pay_pal(
        self, input: Annotated[AddPayPalInput, strawberry.argument(description="Which account.")]
    ) -> PaymentMethodPayload:
        """Pay by PayPal."""

    @command(payments.add_bank_transfer, (SELF,), step_up=True)
    def add_bank_transfer(
        self, input: Annotated[AddBankTransferInput, strawberry.argument(description="From which bank.")]
    ) -> PaymentMethodPayload:
        """Pay by transfer."""

    @command(by_id(payments.set_default, "id", *METHODS), (SELF,))
    def set_default_payment_method(
        self, input: Annotated[PaymentMethodInput, strawberry.argument(description="Which one.")]
    ) -> PaymentMethodPayload:
        """Pay with this one when nothing else is said."""

    @command(by_id(payments.remove, "id", *METHODS), (SELF,))
    def remove_payment_method(
        self, input: Annotated[PaymentMethodInput, strawberry.argument(description="Which one.")]
    ) -> RemovePaymentMethodPayload:
        """Forget a way to pay, a kept card's number with it."""

    @command(request_export, (SELF,), step_up=True)
    def request_export(self, input: ExportInput = strawberry.UNSET) -> RequestExportPayload:
        """Have everything that is held about oneself made ready to fetch; a letter tells when it is."""

    @command(request_erasure, (SELF,), step_up=True)
    def request_erasure(self, input: ErasureInput = strawberry.UNSET) -> RequestErasurePayload:
        """Have everything that is held about oneself erased, within 30 days, once every service has ended."""

    @command(by_id(cancel_erasure, "id", "Erasure"), (SELF,))
    def cancel_erasure(
        self, input: Annotated[CancelErasureInput, strawberry.argument(description="Which one.")]
    ) -> CancelErasurePayload:
        """Call an erasure off, until it begins."""

    @command(restricting.request_restriction, (SELF,), step_up=True)
    def request_restriction(
        self, input: Annotated[RequestRestrictionInput, strawberry.argument(description="Why.")]
    ) -> RestrictionPayload:
        """Have the own data stored and used for nothing else, at once (GDPR Art. 18)."""

    @command(restricting.lift_restriction, (SELF,), step_up=True)
    def lift_restriction(self) -> RestrictionPayload:
        """End the own restriction, at once."""

    @command(restricting.object_to_purpose, (SELF,))
    def object_to(
        self, input: Annotated[ObjectionInput, strawberry.argument(description="To what.")]
    ) -> RestrictionPayload:
        """Object to a purpose (GDPR Art. 21): unless exempt, it stands still at once; decided within a month."""

    @command(restricting.withdraw_objection, (SELF,))
    def withdraw_objection(
        self, input: Annotated[ObjectionInput, strawberry.argument(description="To what.")]
    ) -> RestrictionPayload:
        """Take an objection back."""

    @command(register_customer, PROVIDED, CUSTOMERS_WRITE)
    def register_customer(
        self, input: Annotated[RegisterCustomerInput, strawberry.argument(description="Who.")]
    ) -> RegisterCustomerPayload:
        """Register a customer, who chooses a password by a link to their own address."""

    @command(by_id(subscribe_service, "customer", "Customer"), PROVIDED, SERVICES_WRITE)
    def subscribe_service(
        self, input: Annotated[SubscribeServiceInput, strawberry.argument(description="What, and for whom.")]
    ) -> ServicePayload:
        """Begin a service of a customer; the clock of erasure stops."""

    @command(by_id(terminate_service, "service", "Service"), PROVIDED, SERVICES_WRITE)
    def terminate_service(
        self, input: Annotated[TerminateServiceInput, strawberry.argument(description="Which one.")]
    ) -> ServicePayload:
        """End a service of a customer; when it was the last one, the clock of erasure starts."""
