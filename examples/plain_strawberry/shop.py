"""A shop's API in plain Strawberry, with the purpose directives enforced."""

from __future__ import annotations

from typing import Annotated

import strawberry

from .purpose_directives import (
    SPECIFICATION,
    DefineCategory,
    DefineCondition,
    DefinePurpose,
    DefineRecipient,
    DefineRetention,
    DisclosedTo,
    PersonalData,
    Public,
    Purpose,
    Retention,
)
from .purpose_extension import Token, enforce

CONTRACT, CONSENT = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-b", "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
PERSON = [PersonalData(category="IDENTITY"), Purpose(allows=["DELIVERY", "SUPPORT"]), Retention(rule="THREE_YEARS")]


@strawberry.type(directives=[Public(why="what is on sale")])
class Product:
    """Something on sale."""

    name: str
    price: str


@strawberry.type(directives=[Purpose(allows=["DELIVERY", "SUPPORT"]), Retention(rule="THREE_YEARS")])
class Order:
    """What a customer has bought."""

    number: strawberry.ID | None = strawberry.field(directives=[PersonalData(category="ORDER")])
    products: list[Product] | None = strawberry.field(directives=[PersonalData(category="ORDER")])
    parcel: str | None = strawberry.field(
        description="The number at the carrier.",
        directives=[
            PersonalData(category="ORDER"), Purpose(allows=["DELIVERY"]), DisclosedTo(recipients=["CARRIER"])
        ],
    )  # fmt: skip


@strawberry.type(directives=[Retention(rule="THREE_YEARS")])
class Customer:
    """Somebody who has bought something."""

    name: str | None = strawberry.field(directives=PERSON[:2])
    address: str | None = strawberry.field(
        directives=[
            PersonalData(category="ADDRESS"), Purpose(allows=["DELIVERY"]), DisclosedTo(recipients=["CARRIER"])
        ],
    )  # fmt: skip
    email: str | None = strawberry.field(
        directives=[
            PersonalData(category="EMAIL"),
            Purpose(allows=["SUPPORT"]),
            Purpose(allows=["NEWSLETTER"], when="NEWSLETTER_WANTED"),
        ]
    )
    orders: list[Order] | None = strawberry.field(
        directives=[PersonalData(category="ORDER"), Purpose(allows=["DELIVERY", "SUPPORT"])]
    )
    wants_newsletter: strawberry.Private[bool] = False


ADA = Customer(
    name="Ada",
    address="1 Row",
    email="ada@example.com",
    orders=[Order(number=strawberry.ID("7"), products=[Product(name="Loom", price="9.00")], parcel="Z1")],
    wants_newsletter=True,
)
BEN = Customer(name="Ben", address="2 Row", email="ben@example.com", orders=[])
Email = Annotated[
    str | None,
    strawberry.argument(
        directives=[
            PersonalData(category="EMAIL"),
            Purpose(allows=["SUPPORT", "NEWSLETTER"]),
            Retention(rule="SEARCHED_ONLY"),
        ]
    ),
]


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field(directives=[PERSON[0], Purpose(allows=["DELIVERY", "SUPPORT", "NEWSLETTER"])])
    def customers(self, email: Email = None) -> list[Customer] | None:
        """Customers, or the one with an e-mail address."""
        return [each for each in (ADA, BEN) if email in (None, each.email)]

    @strawberry.field(directives=[Public(why="what is on sale")])
    def products(self) -> list[Product]:
        """The goods on sale."""
        return [Product(name="Loom", price="9.00")]


def served_by(extension: type[strawberry.extensions.SchemaExtension]) -> strawberry.Schema:
    """The shop's schema."""
    return strawberry.Schema(
        query=Query,
        extensions=[extension],
        schema_directives=[
            SPECIFICATION,
            DefinePurpose(name="DELIVERY", text="Deliver what was ordered.", basis=[CONTRACT]),
            DefinePurpose(name="SUPPORT", text="Answer questions about orders.", basis=[CONTRACT]),
            DefinePurpose(name="NEWSLETTER", text="Send news to those who want them.", basis=[CONSENT]),
            DefineCategory(name="IDENTITY", text="A customer's name."),
            DefineCategory(name="ADDRESS", text="A postal address."),
            DefineCategory(name="EMAIL", text="An e-mail address."),
            DefineCategory(name="ORDER", text="What was bought, and where it is."),
            DefineCondition(name="NEWSLETTER_WANTED", text="The customer ordered the newsletter."),
            DefineRecipient(name="CARRIER", text="The company that carries parcels."),
            DefineRetention(
                name="THREE_YEARS", text="Three years after the last order.", period="P3Y", starts="the last order"
            ),
            DefineRetention(name="SEARCHED_ONLY", text="Not kept: only searched by.", period="P0D"),
        ],
    )


def token(context: dict[str, Token]) -> Token:
    """The caller's verified token."""
    return context["token"]


schema = served_by(enforce(token, {"NEWSLETTER_WANTED": lambda customer: bool(customer.wants_newsletter)}))
