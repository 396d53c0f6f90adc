"""How one customer comes to a company, pays, and is read: by the API, operators' commands and letters alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from policy.wordings import VERSION
from resolvers.customers.new_customer import NewInvoice, PersonName, PostalAddress
from resolvers.customers.new_customer_rows import TABLES, RowWriter
from resolvers.customers.registration import seal_rows
from store.database.store import Store
from store.sql.ids import new_id
from store.tables.invoices import invoices
from tests.journeys.customer import APP, BACK, NAME, PARTICULARS, Customer
from tests.journeys.officer import Officer
from tests.journeys.resting import Resting
from tests.journeys.tool import Tool
from tests.journeys.works import Works, until

P = PARTICULARS
NEIGHBOUR = "emil.nachbar@elsewhere.example"
HOME = {"street": P["street"], "postalCode": "86899", "city": P["city"], "country": "DE"}
OWNER_HOME = {"street": P["owner's street"], "postalCode": "69400", "city": P["owner's city"], "country": "FR"}
REGISTER = """mutation ($in: RegisterCustomerInput!) { registerCustomer(input: $in) {
  customer { id customerNumber } userErrors { code field } } }"""
SUBSCRIBE = """mutation ($c: ID!, $k: ServiceKind!, $n: String!) { subscribeService(input: {
  customerId: $c, kind: $k, name: $n}) { service { id } userErrors { code field } } }"""
DOMAIN = "mutation ($in: RegisterDomainInput!) { registerDomain(input: $in) { userErrors { code field } } }"
CARD = "mutation ($in: AddCardInput!) { addCard(input: $in) { card { id } userErrors { code field } } }"
PAY = "mutation ($i: ID!, $c: ID!) { payWithCard(input: {invoiceId: $i, cardId: $c}) { outcome userErrors { code } } }"
PHONE = "mutation ($p: PhoneNumber!) { updateProfile(input: {phone: $p}) { userErrors { code field } } }"
NEWS = "mutation { setProductNews(input: {wanted: true}) { userErrors { code } } }"
READERS = "{ me { accesses(first: 50) { nodes { client purpose } } } }"
FIELDS = ("Customer.fullName", "Customer.postalAddress")
REFERENCE = "LG 4 O 123/26"
ORDER = [
    "--authority", "Landgericht Bonn", "--country", "DE", "--ground", "§ 100j StPO", "--field", "Customer.fullName",
    "--field", "SignIn.ipAddress",
]  # fmt: skip


class Life(Resting):
    """What is known of one customer from the beginning until the day of the erasure."""

    def __init__(self, works: Works) -> None:
        self.works, self.run = works, works.terminal
        self.shop, self.billing, self.support = (self._tool(each) for each in ("shop", "billing", "support"))
        self.printers = self._tool("printers")
        self.id = self.number = self.receipt = ""
        self.services: list[str] = []
        self.resting: dict[str, bytes] = {}
        self.letters: dict[str, bytes] = {}
        self.texts = dict(P)

    def _tool(self, id_: str) -> Tool:
        return Tool(id_, self.works.url, self.works.clock)

    def open_company(self) -> None:
        """Operators register tools, an affiliate, a partner, and two officers; each outsider starts."""
        works, run = self.works, self.run
        run("db", "upgrade")
        works.mail.start()
        works.serve()
        works.work()
        shop = ["--purpose", "SERVICE_PROVISION", "--purpose", "DOMAIN_REGISTRATION"]
        shop += [part for each in ("customers", "services", "domains") for part in ("--scope", f"{each}:write")]
        self._create(self.shop, *shop)
        self._create(self.billing, "--purpose", "INVOICING", "--keeps", "nothing", "--keeps-days", "0")
        self._create(self.support, "--purpose", "SERVICE_COMMUNICATION", "--keeps", "tickets", "--keeps-days", "365")
        self._create(self.printers, "--purpose", "INVOICING")
        app = ["--kind", "app", "--name", "Our app", "--first-party", "--no-dpop", "--purpose", "SELF_SERVICE"]
        run("clients", "create", APP, *app, "--redirect-uri", BACK)
        secret = run("affiliates", "register", "Quarkpay", works.affiliate.url, "--country", "CH")
        works.affiliate.start(secret.strip())
        fields = [part for each in FIELDS for part in ("--field", each)]
        run("partners", "register", "Printers", "--country", "CH", "--purpose", "INVOICING", *fields)
        document = works.folder / "undertaking.pdf"
        document.write_bytes(b"we keep silent")
        run("partners", "undertake", "Printers", str(document), "--since", "2026-11-01")
        run("partners", "tie", "Printers", "printers")
        hook = run("webhooks", "add", "printers", works.partner.url, "--event", "customer.erased")
        works.partner.start(hook.strip())
        run("recipients", "contact", "PARTNER", "Printers", "--webhook", "printers")
        run("recipients", "contact", "TOOL", "support", "--email", "privacy@support.example")

    def _create(self, tool: Tool, *more: str) -> None:
        key = tool.public_key(self.works.folder)
        named = ["--kind", "tool", "--name", f"The {tool.id}", "--public-key", key]
        self.run("clients", "create", tool.id, *named, *more)

    def register(self) -> None:
        """By the shop's tool: the customer, a neighbour, two services, and a domain that somebody else owns."""
        people = ((NAME, P["email"], HOME), (("Emil", "Nachbar"), NEIGHBOUR, OWNER_HOME))
        made = []
        for (given, family), email, home in people:
            new = {"givenName": given, "familyName": family, "email": email, "postalAddress": home}
            made.append(done(self.shop.ask(REGISTER, "SERVICE_PROVISION", **{"in": new}))["customer"])
        self.id, self.number = made[0]["id"], made[0]["customerNumber"]
        self.texts["customer number"] = self.number
        self._subscribe(made[1]["id"], "WEB_HOSTING", "Other")
        for kind, name in (("WEB_HOSTING", "Pro"), ("DOMAIN", P["domain"])):
            self.services.append(self._subscribe(self.id, kind, name))
        owner = {"name": P["owner"], "address": OWNER_HOME, "email": P["email"], "phone": P["owner's phone"]}
        domain = {"serviceId": self.services[1], "name": P["domain"], "registrantKind": "NATURAL_PERSON"}
        done(self.shop.ask(DOMAIN, "DOMAIN_REGISTRATION", **{"in": domain | {"registrant": owner}}))

    def _subscribe(self, customer: str, kind: str, name: str) -> str:
        given = {"c": customer, "k": kind, "n": name}
        return str(done(self.shop.ask(SUBSCRIBE, "SERVICE_PROVISION", **given))["service"]["id"])

    def sign_in(self) -> Customer:
        """The first time: a password by the letter's link, then a second factor, a telephone number and news."""
        works, customer = self.works, self.works.customer()
        customer.browser.get("/password/forgot")
        customer.browser.send(login=P["email"], service="CLIENT_AREA")
        letter = until("the link", lambda: [x for x in works.letters(P["email"]) if "/password/reset" in x["text"]])[-1]
        (link,) = [word for word in letter["text"].split() if "/password/reset?t=" in word]
        customer.choose_password(link)
        customer.sign_in()
        self.texts["secret of the app"] = customer.turn_on_second_factor()
        works.clock.turn(seconds=31)
        customer.sign_in()
        done(customer.ask(PHONE, p=P["phone"]))
        done(customer.ask(NEWS))
        return customer

    def pay(self, customer: Customer) -> None:
        """Keeps a card by consent, and pays an invoice with it."""
        consent = {"agreed": True, "wordingVersion": VERSION, "language": "en"}
        new = {"number": P["card, in groups"], "expMonth": 3, "expYear": 2031, "consent": consent}
        card = done(customer.ask(CARD, **{"in": new}))["card"]["id"]
        self.on_store(self._bill)
        (invoice,) = customer.ask("{ me { invoices { nodes { id } } } }")["invoices"]["nodes"]
        assert done(customer.ask(PAY, i=invoice["id"], c=card))["outcome"] == "ACCEPTED"
        (payment,) = self.works.affiliate.told("payment")
        assert payment["event"]["data"]["card"]["number"] == P["card"]

    async def _bill(self, store: Store) -> None:
        now, address = self.works.clock(), PostalAddress(P["street"], "86899", P["city"], "DE")
        invoice = NewInvoice(P["invoice"], now, now + timedelta(days=30), "CHF", 6900, PersonName(*NAME), address)
        me, rows = self.key(store), {table: list[Any]() for table in TABLES}
        RowWriter(me, rows, new_id, now)._plain(invoices, [invoice])
        (key,) = await store.keys.subjects([me])
        assert key is not None
        async with store.write() as connection:
            sealed = seal_rows(invoices, rows[invoices], {me: key})
            await connection.execute(insert(invoices), sealed)

    def be_read(self, customer: Customer) -> None:
        """By three tools, a partner and an authority; the customer sees each of them."""
        name = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
        mail = "query ($id: ID!) { customer(by: {id: $id}) { email } }"
        assert self.shop.ask(name, "SERVICE_PROVISION", id=self.id)["fullName"] == " ".join(NAME)
        assert self.billing.ask(name, id=self.id)["fullName"] == " ".join(NAME)
        assert self.support.ask(mail, id=self.id)["email"] == P["email"]
        printed = self.printers.ask("{ customers(first: 5) { nodes { fullName } } }")["nodes"]
        assert {"fullName": " ".join(NAME)} in printed
        answer = self.answer_authority()
        assert P["ip address"] in json.dumps(answer)
        wanted = {"shop", "billing", "support", "printers", "legal"}

        def told() -> bool:
            return wanted <= {each["client"] for each in customer.ask(READERS)["accesses"]["nodes"]}

        until("everybody who read", told)

    def answer_authority(self) -> Any:
        """Two officers sign the same order."""
        officers = [Officer(self.works.folder, code) for code in ("LG-1", "LG-2")]
        for each in officers:
            self.run("staff", "add", each.code, "--role", "officer", "--key", each.public_key())
        today = self.works.clock().date()
        period = ["--from", str(today - timedelta(days=1)), "--until", str(today)]
        order = [*ORDER, "--customer", self.number, *period]
        text, meant = self.run("legal", "digest", REFERENCE, *order), "legal-request@data.example"
        self.run("legal", "file", REFERENCE, *order, "--signature", officers[0].sign(text, meant))
        text = self.run("legal", "digest", REFERENCE)
        self.run("legal", "approve", REFERENCE, "--signature", officers[1].sign(text, meant))
        return json.loads(self.run("legal", "answer", REFERENCE))


def done(payload: Any) -> Any:
    """A payload without errors."""
    assert payload["userErrors"] == [], payload
    return payload
