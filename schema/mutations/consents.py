"""The mutations of product news and cookie choices."""

from __future__ import annotations

from policy.app_scopes import AppScope
from policy.categories import Category
from schema.core.scalars import LanguageTag
from schema.declare.commands import UserError, affected, command_input, plain_input, stored_input, user_errors
from schema.declare.fields import shared
from schema.declare.records import plain_type
from schema.types.consents import CookieChoice
from schema.types.customers import Customer
from store.tables.consents import cookie_choices
from store.tables.customers import customers

OWN = (shared(AppScope.CHOICES_WRITE),)


@command_input("A choice about product news.", OWN)
class SetProductNewsInput:
    """A choice about product news; no reason is asked for."""

    wanted: bool = stored_input(
        customers.c.product_news, "Whether the customer wants news about our services by e-mail.", OWN
    )


@plain_type
class SetProductNewsPayload:
    """The customer with the new setting."""

    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The customer as after the change; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("A choice about cookies that are not essential; all of them are off until it is made.", OWN)
class ChooseCookiesInput:
    """A choice about cookies; refusing takes as many steps as accepting (GDPR Art. 7(3))."""

    measurement: bool = stored_input(
        cookie_choices.c.measurement, "Whether the customer allows the use of the site to be measured.", OWN
    )
    wording_version: str | None = stored_input(
        cookie_choices.c.wording_version, "The `version` of the `ConsentWording` that was shown; needed to accept.", OWN
    )
    language: LanguageTag | None = plain_input(
        "The language in which the wording was shown, such as `fr`; needed to accept.", OWN
    )
    global_privacy_control: bool | None = stored_input(
        cookie_choices.c.global_privacy_control,
        "Whether the browser sends Global Privacy Control (`Sec-GPC: 1`); false when left out.",
        OWN,
    )


@plain_type
class ChooseCookiesPayload:
    """The choice that holds from now on."""

    cookie_choice: CookieChoice | None = affected(
        "cookieChoice",
        cookie_choices,
        Category.PREFERENCE,
        "The choice that holds from now on; null if none was recorded (`userErrors`).",
        OWN,
    )
    customer: Customer | None = affected(
        "customer",
        customers,
        Category.CUSTOMER_ID,
        "The customer as after the change; null if nothing was changed (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
