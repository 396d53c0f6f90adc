"""A personal field, argument or input without category, purposes and retention stops the start (G9, DESIGN §2 rule 1).

Each schema here is small and has one fault; the finding must name the coordinate. The check is on the final types,
so no fault hides behind an interface, a union, a nested type or a redeclaration.
"""

from typing import Annotated, Any

import pytest
import strawberry

from policy.categories import Category
from policy.conditions import Condition
from policy.decision import Allowance
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.commands.context import CommandContext, Result
from resolvers.reads import customers as reads
from resolvers.reads.criteria import equal
from schema.api.api import Api
from schema.core.declared import DECLARED, Declared
from schema.declare.commands import command, plain_input
from schema.declare.connections import First, Last, connection
from schema.declare.directives import CategoryEnum, PersonalData
from schema.declare.fields import (
    datum,
    declare,
    detailed,
    embedded,
    entry,
    identity,
    paged,
    paged_table,
    part,
    positioned,
    public,
    related,
    searched,
    searched_input,
    when,
)
from schema.declare.filters import compared, filtering
from schema.declare.node import Node
from schema.declare.records import details, interface, plain_type, record
from schema.model.lint import SchemaError, findings, require_clean
from schema.model.model import SchemaModel
from schema.sources.columns import ColumnValue, Embedded, Part
from schema.sources.documents import RenderedDocument
from schema.sources.entries import AnyRow, OwnRow, RowBy
from schema.sources.values import Attribute, GrantFacts
from store.crypto.blind_index import Lookup
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.payments import card_vault, payment_methods
from store.tables.services import services
from tests.promises.gate import PATIENT, Gate

C, S, P = customers.c, services.c, payment_methods.c
WHO = (Purpose.INVOICING, Purpose.SELF_SERVICE)
ALLOWED = (Allowance(frozenset(WHO)),)
LIFE = RetentionRule.CUSTOMER_LIFE


def loaded(*types: Any, root: dict[str, tuple[Any, Any]] | None = None, mutation: Any = None) -> SchemaModel:
    """The model of a schema whose root leads to the first type, or has these fields (annotation, declaration)."""
    root = root or {"found": (types[0] | None, entry_of(types[0]))}
    names = {"__annotations__": {name: annotation for name, (annotation, _) in root.items()}}
    query = strawberry.type(type("Query", (), names | {name: value for name, (_, value) in root.items()}))
    return SchemaModel(strawberry.Schema(query=query, mutation=mutation, types=types)._schema)


def entry_of(_: Any) -> Any:
    """A root field that finds a customer."""
    return declare(Declared(OwnRow(customers), Category.CUSTOMER_ID, ALLOWED, LIFE), "A customer.")


def found_in(model: SchemaModel) -> set[tuple[str, str]]:
    return {(each.coordinate, each.problem) for each in findings(model)}


def refused(model: SchemaModel, coordinate: str, *words: str) -> None:
    """The schema does not load, and a finding at the coordinate holds these words."""
    with pytest.raises(SchemaError) as raised:
        require_clean(model)
    told = [str(each) for each in raised.value.findings if each.coordinate == coordinate]
    assert told, raised.value
    for word in words:
        assert any(word in each for each in told), told
    assert all(each in str(raised.value) for each in told)


def customer(**fields: tuple[Any, Any]) -> Any:
    """A customer type that is in order, with these fields beside its id."""
    names: dict[str, Any] = {"id": identity(customers, WHO), "__doc__": "A customer."}
    names["__annotations__"] = {"id": strawberry.ID} | {name: annotation for name, (annotation, _) in fields.items()}
    return record(customers)(type("Customer", (), names | {name: value for name, (_, value) in fields.items()}))


def handmade(**facts: Any) -> Any:
    """A field declared by hand, as nobody should."""
    given = {"source": ColumnValue(C.email), "category": Category.EMAIL, "allowances": ALLOWED, "retention": LIFE}
    return declare(Declared(**(given | facts)), "By hand.")


def test_a_schema_in_order_loads() -> None:
    require_clean(loaded(customer(email=(str | None, datum(C.email, "E-mail.", WHO)))))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        pytest.param(strawberry.field(description="Nothing."), "declares nothing", id="undeclared"),
        pytest.param(handmade(category=None), "names no category", id="category"),
        pytest.param(handmade(allowances=()), "names no purposes", id="purposes"),
        pytest.param(
            handmade(allowances=(Allowance(frozenset()),)),
            "names no purposes in one of its allowances",
            id="empty allowance",
        ),
        pytest.param(handmade(retention=None), "names no retention", id="retention"),
        pytest.param(handmade(scopes=(frozenset(),)), "names no scopes in one of its alternatives", id="empty scopes"),
        pytest.param(handmade(category=Category.NAME), "which holds EMAIL", id="another category"),
        pytest.param(handmade(allowances=ALLOWED * 2), "no single condition for INVOICING", id="a purpose twice"),
        pytest.param(datum(C.email, "E-mail.", ()), "names no purposes", id="no purpose given"),
        pytest.param(datum(C.phone, "Phone.", (Purpose.INVOICING,)), "R14", id="hard rule"),
        pytest.param(datum(C.email, "E-mail.", (Purpose.PRODUCT_NEWS,)), "R12", id="news without condition"),
        pytest.param(public(ColumnValue(C.email), "E-mail.", "because"), "is called public", id="public column"),
        pytest.param(public(Attribute("row"), "All of it.", "because"), "shows an attribute", id="public attribute"),
        pytest.param(handmade(source=Attribute("row")), "shows an attribute", id="attribute of a row"),
        pytest.param(handmade(source=Part(0)), "embedded nowhere", id="part of a row"),
        pytest.param(
            detailed(services, "Details.", Category.SUBSCRIPTION, WHO), "read from services", id="details of other rows"
        ),
        pytest.param(
            handmade(source=ColumnValue(S.name), category=Category.SUBSCRIPTION),
            "read from services",
            id="another table",
        ),
        pytest.param(
            related(reads.second_factors_of, "Factors.", Category.AUTH_FACTOR, (Purpose.SELF_SERVICE,)),
            "read from credentials",
            id="a relation of another table",
        ),
        pytest.param(handmade(public="because"), "public and personal", id="public and personal"),
        pytest.param(handmade(source=ColumnValue(C.email_ref)), "which no API may give out", id="tie to a look-up"),
        pytest.param(
            handmade(source=ColumnValue(card_vault.c.number), category=Category.CARD_NUMBER),
            "which no API may give out",
            id="output=False",
        ),
        pytest.param(
            handmade(source=ColumnValue(credentials.c.password_hash), category=Category.PASSWORD), "R16", id="password"
        ),
        pytest.param(
            datum(C.email, "E-mail.", (when(Condition.WHOIS_EMAIL_PUBLISHED, Purpose.DOMAIN_REGISTRATION),)),
            "which no statement for it would enforce",
            id="condition of another table",
        ),
    ],
)
def test_a_field_with_a_fault_is_named(field: Any, words: str) -> None:
    refused(loaded(customer(email=(str | None, field))), "Customer.email", words)


def test_a_personal_field_may_not_be_unable_to_be_null() -> None:
    refused(loaded(customer(email=(str, datum(C.email, "E-mail.", WHO)))), "Customer.email", "must be nullable")


def test_being_called_id_excuses_nothing() -> None:
    other = plain_type(type("Other", (), {"__doc__": "Other.", "__annotations__": {"id": str}, "id": handmade()}))
    refused(
        loaded(customer(other=(other | None, handmade(source=Embedded(C.name), category=Category.NAME)))),
        "Other.id",
        "nullable",
    )
    bare = type("Bare", (Node,), {"__doc__": "No id of its own.", "__annotations__": {}})
    model = loaded(customer(), record(services)(bare))
    refused(model, "Bare.id", "no source")


def test_undeclared_arguments_are_named_whatever_they_are_called() -> None:
    def found(self: Any, email: str, first: int | None = None) -> customer() | None:  # type: ignore[valid-type]
        """Found."""

    field = entry(RowBy(customers), Category.CUSTOMER_ID, WHO)(found)
    model = loaded(root={"found": (None, field)})
    refused(model, "Query.found(email:)", "neither its category and purposes")
    refused(model, "Query.found(first:)", "neither its category and purposes")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (strawberry.argument(description="Undeclared."), "neither its category"),
        (
            strawberry.argument(directives=[PersonalData(category=CategoryEnum.EMAIL)]),
            "neither its category",
        ),
        (searched(Category.EMAIL, "No purposes.", ()), "names no purposes"),
        (searched(Category.PHONE, "Against a hard rule.", (Purpose.INVOICING,)), "R14"),
        (
            strawberry.argument(metadata={DECLARED: Declared(None, Category.EMAIL, ALLOWED, None)}),
            "names no retention",
        ),
        (strawberry.argument(metadata={DECLARED: Declared(None, None, ALLOWED, LIFE)}), "names no category"),
    ],
)
def test_an_argument_with_a_fault_is_named(argument: Any, words: str) -> None:
    def found(self: Any, key: Any) -> customer() | None:  # type: ignore[valid-type]
        """Found."""

    found.__annotations__["key"] = Annotated[str, argument]
    model = loaded(root={"found": (None, entry(RowBy(customers), Category.CUSTOMER_ID, WHO)(found))})
    refused(model, "Query.found(key:)", words)


def test_a_page_size_is_public_because_it_says_so() -> None:
    page = connection(customer(), "Customer")

    def all_of_them(self: Any, first: Any = None) -> page | None:  # type: ignore[valid-type]
        """All."""

    all_of_them.__annotations__["first"] = Annotated[int | None, positioned("How many.", "a page size")]
    field = paged_table(customers, Category.CUSTOMER_ID, WHO)(all_of_them)
    require_clean(loaded(root={"customers": (None, field)}))


def input_type(name: str, **fields: tuple[Any, Any]) -> Any:
    names = {"__annotations__": {key: annotation for key, (annotation, _) in fields.items()}}
    return strawberry.input(type(name, (), names | {key: value for key, (_, value) in fields.items()}))


def with_input(type_: Any) -> SchemaModel:
    async def run(desk: CommandContext, given: Any) -> Result:
        raise NotImplementedError

    def change(self: Any, input: Any) -> customer() | None:  # type: ignore[valid-type]
        """Change."""

    change.__annotations__["input"] = Annotated[type_, strawberry.argument(description="What.")]
    mutation = strawberry.type(type("Mutation", (), {"__annotations__": {}, "change": command(run, WHO)(change)}))
    return loaded(customer(), mutation=mutation)


def bare() -> Any:
    """An input field that says nothing."""
    return strawberry.field(default=None)


def test_input_fields_are_judged_at_any_depth() -> None:
    require_clean(with_input(input_type("Sound", email=(str | None, searched_input(Category.EMAIL, "E-mail.", WHO)))))
    require_clean(with_input(input_type("Sound2", version=(int | None, plain_input("If.", WHO)))))
    refused(with_input(input_type("Bare", email=(str | None, bare()))), "Bare.email", "neither its category")
    inner = input_type("Inner", email=(str | None, bare()))
    listed = input_type("Outer", inner=(list[inner] | None, bare()))
    refused(with_input(listed), "Inner.email", "neither its category")
    bad = searched_input(Category.EMAIL, "E-mail.", ())
    refused(with_input(input_type("None", email=(str | None, bad))), "None.email", "names no purposes")


def test_an_input_that_contains_itself_could_hide_any_depth() -> None:
    refused(with_input(Recursive), "Recursive", "contains itself")
    refused(with_input(Recursive), "Between", "contains itself")


@strawberry.input
class Between:
    """Contains what contains it."""

    again: Annotated["Recursive", strawberry.lazy(__name__)] | None = None


@strawberry.input
class Recursive:
    """Contains itself by way of another."""

    email: str | None = searched_input(Category.EMAIL, "E-mail.", WHO)
    between: list[Between] | None = None


def test_nested_types_are_judged_part_by_part() -> None:
    address = plain_type(
        type(
            "Address",
            (),
            {
                "__doc__": "An address.",
                "__annotations__": {"city": str | None, "street": str | None},
                "city": part(C.postal_address, "city", "City.", WHO),
                "street": strawberry.field(description="Undeclared."),
            },
        )
    )
    home = embedded(C.postal_address, "Home.", WHO)
    refused(loaded(customer(home=(address | None, home))), "Address.street", "declares nothing")


def test_details_of_a_row_are_no_row() -> None:
    """Their fields are checked like those of the row; they have no id of their own."""
    names = {
        "__doc__": "Details.",
        "__annotations__": {"id": strawberry.ID, "email": str | None, "kind": str | None},
        "id": identity(customers, WHO),
        "email": datum(C.email, "E-mail.", ()),
        "kind": datum(S.kind, "Kind.", WHO),
    }
    inner = details(customers)(type("Inner", (), names))
    model = loaded(customer(inner=(inner | None, detailed(customers, "Details.", Category.CUSTOMER_ID, WHO))))
    refused(model, "Inner.id", "its type stands for none")
    refused(model, "Inner.email", "names no purposes")
    refused(model, "Inner.kind", "read from services")


def test_a_condition_inside_a_nested_type_would_be_forgotten() -> None:
    told = declare(
        Declared(
            Part(0), Category.STREET, (Allowance(frozenset({Purpose.PRODUCT_NEWS}), Condition.NEWS_NOT_DECLINED),), LIFE
        ),
        "Street.",
    )
    names = {"__doc__": "An address.", "__annotations__": {"street": str | None}, "street": told}
    address = plain_type(type("Address", (), names))
    home = embedded(C.postal_address, "Home.", WHO)
    refused(loaded(customer(home=(address | None, home))), "Address.street", "no statement for it would enforce")


@pytest.mark.parametrize(
    ("allows", "fault"),
    [
        (WHO, None),
        ((Purpose.INVOICING,), "for other purposes than a field that shows it"),
        ((*WHO, Purpose.PRODUCT_NEWS), "for other purposes than a field that shows it"),
    ],
)
def test_a_filter_has_the_rule_of_the_field_that_it_compares(allows: Any, fault: str | None) -> None:
    """Whoever may not read a value may not ask for the rows that have it."""
    names = {
        "__doc__": "A service.",
        "__annotations__": {"id": strawberry.ID, "kind": str | None},
        "id": identity(services, WHO),
        "kind": datum(S.kind, "Kind.", WHO),
    }
    service = record(services)(type("Service", (), names))
    fields = {"__annotations__": {"kind": str | None}, "kind": compared(equal(S.kind), "Kind.", allows)}
    narrow = strawberry.input(type("ServiceFilter", (), fields), description="Narrows.")

    @paged(reads.services_of, Category.SUBSCRIPTION, WHO)
    def listed(
        self: Any, filter: filtering(narrow) = strawberry.UNSET, first: First = None, last: Last = None
    ) -> connection(service, "Service") | None:  # type: ignore[valid-type]
        """Services."""

    model = loaded(customer(services=(connection(service, "Service") | None, listed)))
    coordinates = {coordinate for coordinate, problem in found_in(model) if "compares" in problem}
    assert coordinates == ({"ServiceFilter.kind"} if fault else set())
    if fault:
        refused(model, "ServiceFilter.kind", fault)


def test_a_condition_on_rows_of_another_table_would_be_forgotten() -> None:
    news = when(Condition.NEWS_NOT_DECLINED, Purpose.PRODUCT_NEWS)
    names = {
        "__doc__": "A service.",
        "__annotations__": {"id": strawberry.ID, "name": str | None},
        "id": identity(services, (news,)),
        "name": datum(S.name, "Name.", (news,)),
    }
    service = record(services)(type("Service", (), names))
    listed = related(reads.services_of, "Services.", Category.SUBSCRIPTION, (news,))
    model = loaded(customer(services=(list[service] | None, listed)))
    for coordinate in ("Service.id", "Service.name", "Customer.services"):
        refused(model, coordinate, "NEWS_NOT_DECLINED, which no statement")


def test_who_is_led_to_a_row_may_see_its_id() -> None:
    """An id can not be null: were it refused, the whole list of rows would go with it."""
    names = {
        "__doc__": "A service.",
        "__annotations__": {"id": strawberry.ID},
        "id": identity(services, (Purpose.SELF_SERVICE,)),
    }
    service = record(services)(type("Service", (), names))
    listed = related(reads.services_of, "Services.", Category.SUBSCRIPTION, WHO)
    refused(
        loaded(customer(services=(list[service] | None, listed))), "Customer.services", "for INVOICING", "Service.id"
    )


def variant(base: Any, name: str, value: str, /, **fields: tuple[Any, Any]) -> Any:
    names: dict[str, Any] = {
        "__doc__": "A way to pay.",
        "__annotations__": {key: one for key, (one, _) in fields.items()},
    }
    cls = type(name, (base,), names | {key: each for key, (_, each) in fields.items()})
    return record(payment_methods, variant=(P.kind, value))(cls)


def method() -> Any:
    @interface(payment_methods)
    class Method:
        """A way to pay."""

        id: strawberry.ID = identity(payment_methods, WHO)
        kind: str | None = datum(P.kind, "Kind.", WHO)

    return Method


def test_redeclaring_an_inherited_field_is_seen_as_what_it_became() -> None:
    """TRAPS 6: Strawberry drops the directives of the field that is redeclared."""
    base = method()
    sound = variant(base, "Card", "CARD")
    ids = entry(RowBy(payment_methods), Category.PAYMENT_METHOD, WHO)

    def root() -> Any:
        def found(self: Any) -> base | None:  # type: ignore[valid-type]
            """Found."""

        return {"found": (None, ids(found))}

    require_clean(loaded(sound, root=root()))
    naked = variant(base, "Naked", "PAYPAL", kind=(str | None, strawberry.field(description="Redeclared.")))
    refused(loaded(sound, naked, root=root()), "Naked.kind", "declares nothing")
    wider = (*WHO, Purpose.PAYMENT_EXECUTION)
    other = variant(base, "Other", "BANK_TRANSFER", kind=(str | None, datum(P.kind, "Kind.", wider)))
    refused(loaded(sound, other, root=root()), "Other.kind", "does not repeat the purposes of Method.kind")


def test_two_types_over_the_same_rows_need_a_kind_each() -> None:
    base = method()
    model = loaded(customer(), variant(base, "Card", "CARD"), variant(base, "Again", "CARD"))
    refused(model, "Again", "stands for the same rows as Card")


def test_members_of_unions_are_judged() -> None:
    names = {
        "__doc__": "A service.",
        "__annotations__": {"id": strawberry.ID, "name": str | None},
        "id": identity(services, WHO),
        "name": strawberry.field(description="Undeclared."),
    }
    service = record(services)(type("Service", (), names))
    either = Annotated[customer() | service, strawberry.union("Either", description="Either.")]
    node = declare(Declared(AnyRow(), Category.CUSTOMER_ID, ALLOWED, LIFE), "Anything.")
    refused(loaded(root={"any": (either | None, node)}), "Service.name", "declares nothing")


def test_what_leads_to_rows_is_not_public() -> None:
    for source in (OwnRow(customers), AnyRow(), GrantFacts()):
        model = loaded(root={"found": (customer() | None, public(source, "Public.", "because"))})
        refused(model, "Query.found", "is called public")
    model = loaded(root={"found": (customer() | None, public(Attribute("everyone"), "Public.", "because"))})
    refused(model, "Query.found", "shows an attribute")


def test_a_document_tells_only_what_a_field_shows() -> None:
    """R58: what no field shows for that purpose can not be told another way."""
    shown = customer(email=(str | None, datum(C.email, "E-mail.", WHO)))
    columns = {C.email: "Customer.email", C.phone: "Customer.phone", C.name: "Customer.email"}
    told = RenderedDocument("email", Lookup.EMAIL, columns, Purpose.PRODUCT_NEWS, str, lambda record, now: "")
    model = loaded(root={"found": (shown | None, handmade(source=told))})
    refused(model, "Query.found", "tells customers.phone, which Customer.phone does not show")
    refused(model, "Query.found", "tells customers.name, which Customer.email does not show")
    refused(model, "Query.found", "tells Customer.email, which may not be read for PRODUCT_NEWS")


def test_every_fault_is_told_at_once() -> None:
    model = loaded(customer(a=(str | None, handmade(retention=None)), b=(str | None, handmade(category=None))))
    with pytest.raises(SchemaError) as raised:
        require_clean(model)
    assert {each.coordinate for each in raised.value.findings} >= {"Customer.a", "Customer.b"}


def test_a_category_is_said_once() -> None:
    with pytest.raises(ValueError, match="category of its own"):
        datum(C.email, "E-mail.", WHO, category=Category.NAME)


@pytest.mark.anyio
@pytest.mark.parametrize("gate", ["sqlite-compiled"], indirect=True)
async def test_the_process_does_not_start_over_a_schema_with_a_fault(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = loaded(customer(email=(str | None, handmade(retention=None))))
    monkeypatch.setattr("schema.api.api.core_schema", lambda: faulty.core)
    with pytest.raises(SchemaError, match=r"Customer\.email: names no retention"):
        Api(gate.store, PATIENT, clock=gate.clock)


def test_the_served_schema_is_in_order() -> None:
    from schema.api.build import core_schema

    assert found_in(SchemaModel(core_schema())) == set()
