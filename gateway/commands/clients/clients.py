"""`gateway clients`: registers OAuth clients, their purposes and their credentials."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from sqlalchemy import RowMapping

from gateway.commands.clients.checks import ClientChecks, RegistrationProof, needs
from gateway.commands.clients.grants import confirm, emergency, end_emergency, review
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.commands.outdated_documents import warn_of_outdated_documents
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from policy.grant import Over, Refusal
from policy.platforms import PLATFORMS
from resolvers.clients.registrar import ClientRegistrar, Registered
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError, key_set, purposes_named
from store.database.store import open_store

Result = TypeVar("Result")
REFUSALS = click.Choice([each.name.lower().replace("_", "-") for each in Refusal])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def clients() -> None:
    """Register OAuth clients, their purposes and their credentials.

    \b
    A tool that reads what invoices need, and nothing else:
        gateway clients create billing --kind tool --name "Billing tool" --purpose INVOICING
    It gets a token with its id and the secret that is shown once:
        curl -u billing:SECRET -d grant_type=client_credentials https://data.example.com/oauth/token
    """


for each_ in (confirm, emergency, end_emergency, review):
    clients.add_command(each_)


@clients.command("create")
@click.argument("client_id", metavar="ID")
@click.option("--name", required=True, help="What people call it; customers see it when they are asked to agree.")
@click.option("--kind", type=click.Choice([kind.value for kind in ClientKind]), required=True, help="See above.")
@click.option("--purpose", "purposes", multiple=True, help="A purpose it may ask for, such as INVOICING. Repeatable.")
@click.option("--action", "--scope", "actions", multiple=True, help="What else it may ask for: audit:read. Repeatable.")
@click.option("--redirect-uri", "uris", multiple=True, help="Where customers are sent back to, in full. Repeatable.")
@click.option("--public-key", "key_file", type=FILE, help="JWKS, JWK or PEM: it signs (private_key_jwt), no secret.")
@click.option("--platform", type=click.Choice(PLATFORMS), default="CLIENT_AREA", help="Which sign-in customers need.")
@click.option("--first-party", is_flag=True, help="It is our own: customers are not asked to agree.")
@click.option("--dpop/--no-dpop", default=None, help="Tokens bound to a key of the client's (apps: yes by default).")
@click.option("--pushed", is_flag=True, help="It must push its authorization requests (RFC 9126).")
@click.option("--fapi2", is_flag=True, help="It is held to FAPI 2.0: it signs, pushes, and gets bound tokens alone.")
@click.option("--backchannel-logout-uri", "logout_uri", help="Is told of sessions that ended (OpenID Connect).")
@click.option("--no-refresh", is_flag=True, help="It gets no refresh tokens.")
@click.option(
    "--refusal",
    type=REFUSALS,
    default="refuse",
    help="What asking too much does: all is refused, or fields are null and listed, or have an error each besides.",
)
@click.option("--max-page", type=int, default=100, show_default=True, help="The most rows of one page.")
@click.option(
    "--customers-per-hour",
    "customers",
    type=click.IntRange(0),
    help="Different customers; 0: any number. By default what GATEWAY_CUSTOMERS_PER_HOUR says.",
)
@click.option("--over", type=click.Choice(["alarm", "stop"]), help="What reading more of them does; a tool stops.")
@click.option("--documents-only", is_flag=True, help="It may send registered documents only.")
@click.option("--introspection", is_flag=True, help="It may look at the schema.")
@click.option("--origin", "origins", multiple=True, help="A page's origin whose scripts may call the API. Repeatable.")
@click.option("--keeps", help="What it keeps of what it reads, such as 'names on invoices'. Unknown when left out.")
@click.option("--keeps-days", type=click.IntRange(0), help="For how many days; 0: it keeps nothing.")
def create(client_id: str, name: str, kind: str, key_file: Path | None, dpop: bool | None, **given: Any) -> None:
    """Register a client under an ID.

    \b
    There are three kinds:
        tool  acts for itself (client credentials), for purposes about any customer
        web   a site with a server; its customers sign in, and it reads their own data
        app   a program on people's devices, with no secret; likewise

    \b
        gateway clients create billing --kind tool --name "Billing tool" --purpose INVOICING
        gateway clients create crm --kind tool --name CRM --purpose SERVICE_COMMUNICATION --public-key crm.jwks
        gateway clients create phone --kind app --name "Our app" --first-party --purpose SELF_SERVICE \\
            --redirect-uri com.example.app:/back
        gateway clients create budget --kind web --name "Budget planner" --purpose SELF_SERVICE \\
            --scope invoices:read --redirect-uri https://budget.example/back

    The last one is not ours: customers agree to each of its scopes in words, and can take it back. The scopes that they
    can allow are listed in docs/oauth.md.

    The secret is printed once, alone on standard output, and kept nowhere.
    """
    settings = read_settings()
    with errors_as_sentences():
        new = NewClient(
            id=client_id,
            name=name,
            kind=ClientKind(kind),
            purposes=purposes_named(given["purposes"]),
            actions=frozenset(given["actions"]),
            redirect_uris=given["uris"],
            keys=None if key_file is None else key_set(key_file.read_bytes()),
            platform=given["platform"],
            first_party=given["first_party"],
            # An app has no secret, so a bound token is its only protection against theft (RFC 9700 §2.2.1).
            dpop=ClientKind(kind) is ClientKind.APP or given["fapi2"] if dpop is None else dpop,
            pushed=given["pushed"] or given["fapi2"],
            fapi2=given["fapi2"],
            backchannel_logout_uri=given["logout_uri"],
            refresh=not given["no_refresh"],
            refusal=Refusal[given["refusal"].upper().replace("-", "_")],
            documents_only=given["documents_only"],
            introspection=given["introspection"],
            max_page=given["max_page"],
            customers_per_hour=given["customers"],
            over=None if given["over"] is None else Over[given["over"].upper()],
            origins=given["origins"],
            keeps=given["keeps"],
            keeps_days=given["keeps_days"],
        )
        secret = _with(settings, lambda registry: registry.create(new, _now()))
    # Everything but the secret goes to stderr, so that `secret=$(gateway clients create …)` works.
    click.echo(f"{client_id} is registered. What its configuration needs:", err=True)
    (made,) = _with(settings, lambda registry: registry.listed(_now(), client_id))
    for word, value in needs(settings, dict(made.facts)):
        click.echo(f"  {word:<12} {value}", err=True)
    _show_once(secret)
    warn_of_outdated_documents()


@clients.command("check")
@click.argument("client_id", metavar="ID")
@click.option("--secret", "from_input", is_flag=True, help="A tool's secret is read from standard input, and tried.")
def check_(client_id: str, from_input: bool) -> None:
    """Prove a client's registration against the running gateway, with requests as the client would send them.

    \b
        gateway clients check phone
        echo "$secret" | gateway clients check billing --secret
    Of an app: discovery, each redirect URI and each origin; of a tool: discovery and a token. The exit code is 1 if
    something fails.
    """
    settings = read_settings()
    secret = sys.stdin.readline().strip() if from_input else None
    with errors_as_sentences():
        found = _with(settings, lambda registry: registry.listed(_now(), client_id))
        if not found or found[0].facts["authentication"] is None:
            raise RegistrationError(f"There is no client {client_id}, or it is not registered for OAuth.")

    async def run() -> list[RegistrationProof]:
        return [each async for each in ClientChecks(settings, dict(found[0].facts), secret).run()]

    checks = server.run(run())
    for each in checks:
        word = {True: "ok", False: "FAILED", None: "-"}[each.good]
        click.echo(f"{word:<7} {each.name}: {each.text}")
    if any(each.good is False for each in checks):
        raise SystemExit(1)


@clients.command("list")
def list_() -> None:
    """List every client: how it authenticates, and which purposes it has.

    \b
        gateway clients list
    """
    settings = read_settings()
    with errors_as_sentences():
        found = _with(settings, lambda registry: registry.listed(_now()))
    for each in found:
        facts = each.facts
        state = "disabled" if facts["disabled_at"] else _way(each)
        wanted = " ".join([*orjson.loads(facts["purposes"]), *orjson.loads(facts["scopes"])])
        click.echo(f"{facts['id']:<20} {state:<16} {wanted}".rstrip())


@clients.command("show")
@click.argument("client_id", metavar="ID")
def show(client_id: str) -> None:
    """Show one client in full; secrets are stored as hashes and cannot be shown.

    \b
        gateway clients show billing
    """
    settings = read_settings()
    with errors_as_sentences():
        found = _with(settings, lambda registry: registry.listed(_now(), client_id))
        if not found:
            raise RegistrationError(f"There is no client {client_id}.")
    for name, value in _lines(found[0]):
        click.echo(f"{name:<16} {value}")


@clients.command("update")
@click.argument("client_id", metavar="ID")
@click.option("--keeps", help="What it keeps of what it reads; with --keeps-days.")
@click.option("--keeps-days", type=click.IntRange(0), help="For how many days; 0: it keeps nothing.")
@click.option("--refusal", type=REFUSALS, help="What asking too much does, from now on.")
@click.option("--origin", "origins", multiple=True, help="Pages whose scripts may call the API, and no others.")
@click.option("--no-origins", is_flag=True, help="No page's scripts may.")
@click.option(
    "--acting-person", "person", type=click.Choice(["required", "optional"]), help="If each request names who asks."
)
@click.option("--backchannel-logout-uri", "logout_uri", help="Is told of sessions that ended (OpenID Connect).")
@click.option("--no-backchannel-logout", "no_logout", is_flag=True, help="It is told of none any more.")
def update(
    client_id: str, keeps: str | None, keeps_days: int | None, refusal: str | None, origins: tuple[str, ...],
    no_origins: bool, person: str | None, logout_uri: str | None, no_logout: bool,
) -> None:  # fmt: skip
    """Change what a client stores (erasures list it and notify it, GDPR Art. 19), how it is refused, and its addresses.

    With --acting-person required each request of a tool names the member of staff who asks (header Acting-Person).

    \b
        gateway clients update billing --keeps "names and addresses on invoices" --keeps-days 3650
        gateway clients update status-page --keeps nothing --keeps-days 0
        gateway clients update web --refusal withhold-errors
        gateway clients update crm --acting-person required
        gateway clients update web --origin https://shop.example.com --origin https://www.example.com
        gateway clients update roundcube --backchannel-logout-uri https://mail.example.com/logged-out
    """
    if (keeps is None) != (keeps_days is None):
        raise click.UsageError("--keeps and --keeps-days go together: what, and for how long.")
    if not any((keeps, refusal, origins, no_origins, person, logout_uri, no_logout)):
        raise click.UsageError("nothing to change: see gateway clients update --help.")
    if logout_uri and no_logout:
        raise click.UsageError("either --backchannel-logout-uri or --no-backchannel-logout.")
    if origins and no_origins:
        raise click.UsageError("either --origin or --no-origins.")
    settings = read_settings()
    with errors_as_sentences():
        if keeps is not None and keeps_days is not None:
            _with(settings, lambda registry: registry.set_keeping(client_id, keeps, keeps_days))
            click.echo(f"{client_id} keeps {keeps}, for {keeps_days} days.", err=True)
        if person is not None:
            _with(settings, lambda registry: registry.set_person(client_id, person == "required", _now()))
            click.echo(f"{client_id}: who asks is {person}.", err=True)
        if logout_uri or no_logout:
            _with(settings, lambda registry: registry.set_logout_uri(client_id, logout_uri or None))
            click.echo(f"{client_id} is told of ended sessions{' no more' if no_logout else ''}.", err=True)
        if refusal is not None or origins or no_origins:
            mode = None if refusal is None else Refusal[refusal.upper().replace("-", "_")]
            named = origins if origins or no_origins else None
            _with(settings, lambda registry: registry.set_answers(client_id, _now(), mode, named))
            click.echo(f"{client_id} was changed.", err=True)
    warn_of_outdated_documents()


@clients.command("rotate")
@click.argument("client_id", metavar="ID")
@click.option("--overlap", type=click.IntRange(0, 365 * 24), default=24, show_default=True, help="Hours both are good.")
@click.option("--public-key", "key_file", type=FILE, help="For a client that signs: its new public keys.")
def rotate(client_id: str, overlap: int, key_file: Path | None) -> None:
    """Rotate a client's secret; the old one stays valid for a day, or for --overlap hours.

    \b
        gateway clients rotate billing
    The old one is known to others? Then it ends now:
        gateway clients rotate billing --overlap 0
    """
    settings = read_settings()
    with errors_as_sentences():
        # Key sets have no overlap of their own: the operator puts old and new keys into one file.
        if key_file is not None:
            keys = key_set(key_file.read_bytes())
            _with(settings, lambda registry: registry.replace_keys(client_id, keys, _now()))
            secret = None
        else:
            secret = _with(settings, lambda registry: registry.rotate(client_id, timedelta(hours=overlap), _now()))
    what = "keys, from now on" if secret is None else f"secret; the old one is good for {overlap} more hours"
    click.echo(f"{client_id} has a new {what}.", err=True)
    _show_once(secret)


@clients.command("disable")
@click.argument("client_id", metavar="ID")
def disable(client_id: str) -> None:
    """Disable a client, and revoke every token it holds, from the next request on.

    \b
        gateway clients disable billing
        gateway clients enable billing
    """
    settings = read_settings()
    with errors_as_sentences():
        _with(settings, lambda registry: registry.set_disabled(client_id, True, _now()))
    click.echo(f"{client_id} is disabled.")
    warn_of_outdated_documents()


@clients.command("enable")
@click.argument("client_id", metavar="ID")
def enable(client_id: str) -> None:
    """Enable a disabled client; its old tokens stay revoked, so it must request new ones.

    \b
        gateway clients enable billing
    """
    settings = read_settings()
    with errors_as_sentences():
        _with(settings, lambda registry: registry.set_disabled(client_id, False, _now()))
    click.echo(f"{client_id} is enabled.")
    warn_of_outdated_documents()


def _with(settings: Settings, work: Callable[[ClientRegistrar], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(ClientRegistrar(store))
        finally:
            await store.close()

    return server.run(run())


def _show_once(secret: str | None) -> None:
    if secret is not None:
        click.echo("Its secret, shown this once:", err=True)
        click.echo(secret)


def _way(each: Registered) -> str:
    how = each.facts["authentication"]
    if how == "SECRET":
        return f"{each.secrets} secret{'' if each.secrets == 1 else 's'}"
    return {None: "no OAuth", "NONE": "public", "PRIVATE_KEY_JWT": "signs"}[how]


def _lines(each: Registered) -> list[tuple[str, str]]:
    facts = each.facts
    lines = [
        ("id", facts["id"]),
        ("name", facts["name"]),
        ("state", "disabled" if facts["disabled_at"] else "enabled"),
        ("proves itself", _way(each)),
        ("purposes", " ".join(orjson.loads(facts["purposes"])) or "none"),
        ("actions", " ".join(orjson.loads(facts["scopes"])) or "none"),
        ("refusal", facts["refusal"].lower().replace("_", "-")),
        ("rows of a page", str(facts["max_page"])),
        ("customers/hour", _reach(facts)),
        ("keeps", _keeps(facts)),
        ("documents only", _yes(facts["documents_only"])),
        ("introspection", _yes(facts["introspection"])),
        ("acting person", "required" if facts["names_person"] else "optional"),
    ]
    # Without an OAuth registration it gets no tokens from this server.
    if facts["authentication"] is None:
        return lines
    return [
        *lines,
        ("grants", " ".join(orjson.loads(facts["grants"]))),
        ("redirect URIs", " ".join(orjson.loads(facts["redirect_uris"])) or "none"),
        ("sign-in", facts["platform"]),
        ("first party", _yes(facts["first_party"])),
        ("bound tokens", _yes(facts["dpop"])),
        ("pushes", _yes(facts["pushed"])),
        ("FAPI 2.0", _yes(facts["fapi2"])),
        ("logout URI", facts["backchannel_logout_uri"] or "none"),
        ("origins", " ".join(orjson.loads(facts["origins"] or "[]")) or "none"),
    ]


def _reach(facts: RowMapping) -> str:
    most = {None: "as the settings say", 0: "any number"}.get(facts["customers_per_hour"], facts["customers_per_hour"])
    return f"{most}, then {(facts['beyond'] or 'ALARM').lower()}"


def _keeps(facts: RowMapping) -> str:
    return "unknown" if facts["keeps"] is None else f"{facts['keeps']}, for {facts['keeps_days']} days"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _now() -> datetime:
    return datetime.now(UTC)
