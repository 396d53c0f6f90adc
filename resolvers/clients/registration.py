"""Validates the registration of a client; an unsafe one is refused with a sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from policy import registered
from policy.app_scopes import AppScope
from policy.grant import Over, Refusal
from policy.openid import OPENID, OPENID_SCOPES
from policy.own_names import is_own_name
from policy.purposes import Purpose
from policy.transport import is_encrypted
from resolvers.clients.oauth_clients import CODE, OWN, REFRESH
from resolvers.clients.scopes import CONSENTED, TOKEN
from values.json_web_keys import RSA_BITS, imported
from values.scripts import mixes_scripts

ID = re.compile(r"[a-z][a-z0-9._-]{1,63}")
"""A letter first: an id of digits only could be mistaken for a customer's."""
PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
"""An app's private-use scheme is a reversed domain name (RFC 8252 §7.1), which excludes `javascript:` and `data:`."""
OWN_PATH = re.compile(r"/[A-Za-z0-9._~-][A-Za-z0-9._~/-]*")
"""The path of a page that this gateway itself serves; for first-party clients only."""
ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")
"""Scheme, host and port, without a wildcard."""
LONGEST_KEEPS = 200


class RegistrationError(Exception):
    """The registration is refused, and nothing was changed; the text says what to do."""


PUBLIC: Final = "public"
"""The client whose published documents anybody may ask for without a token (`gateway.api.public_documents`)."""
NOTHING_PERSONAL = "Everybody may ask for the documents of this client: it has no purpose and no action."
NO_TOOL_HAS_AN_ORIGIN = "A tool's token is kept out of browsers: no tool has an origin, but an app may."


class ClientKind(Enum):
    """The kind of a client."""

    TOOL = "tool"
    """Acts for itself, by client credentials."""
    WEB = "web"
    """A site with a server, which keeps a secret; its customers sign in."""
    APP = "app"
    """A program on customers' devices, which can keep no secret; its customers sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client to register."""

    id: str
    name: str
    kind: ClientKind
    purposes: frozenset[Purpose]
    actions: frozenset[str] = frozenset()
    redirect_uris: tuple[str, ...] = ()
    keys: str | None = None
    """Public keys, as a JSON Web Key Set: then it has no secret."""
    platform: str = "CLIENT_AREA"
    first_party: bool = False
    dpop: bool = False
    pushed: bool = False
    fapi2: bool = False
    """Held to the security profile FAPI 2.0 (https://openid.net/specs/fapi-security-profile-2_0-final.html)."""
    backchannel_logout_uri: str | None = None
    """The address that is told of sessions that ended (OpenID Connect Back-Channel Logout §2.2); None: nothing is."""
    refresh: bool = True
    refusal: Refusal = Refusal.REFUSE
    documents_only: bool = False
    introspection: bool = False
    max_page: int = 100
    customers_per_hour: int | None = None
    """None: the default of the settings; 0: any number."""
    over: Over | None = None
    """None: a tool is stopped at its limit, unless it may read any number; customers' own clients are not counted."""
    origins: tuple[str, ...] = ()
    """The origins of pages whose scripts may read what it gets (CORS)."""
    keeps: str | None = None
    """The data that the client stores; None: not stated."""
    keeps_days: int | None = None
    """Days for which it stores them; 0: it stores nothing."""

    @property
    def beyond(self) -> Over:
        """The action when the client exceeds its limit of customers an hour."""
        if self.over is not None:
            return self.over
        return Over.STOP if self.kind is ClientKind.TOOL and self.customers_per_hour != 0 else Over.ALARM

    @property
    def authentication(self) -> str:
        """The kind of client authentication: NONE, SECRET or PRIVATE_KEY_JWT."""
        if self.kind is ClientKind.APP:
            return "NONE"
        return "SECRET" if self.keys is None else "PRIVATE_KEY_JWT"

    @property
    def grants(self) -> list[str]:
        """The grants it is registered for."""
        if self.kind is ClientKind.TOOL:
            return [OWN]
        return [CODE, REFRESH] if self.refresh else [CODE]

    def check(self) -> None:
        """RegistrationError if the registration would be unsafe, or could never work."""
        if not ID.fullmatch(self.id):
            raise RegistrationError("An id has 2 to 64 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter.")
        # O12: entries of such a client could be taken for the gateway's own, or a third party's app for ours.
        if is_own_name(self.id) or (not self.first_party and is_own_name(self.name)):
            raise RegistrationError("The gateway itself goes by this name in its ledger: take another.")
        # Homographs: a Cyrillic `а` in a Latin word makes a name look like another company's on the consent page.
        if not self.first_party and any(map(mixes_scripts, self.name.split())):
            raise RegistrationError("A word of the name mixes letters of several scripts, and looks like another.")
        if not self.name.strip() or len(self.name) > 200 or not self.name.isprintable():
            raise RegistrationError("A name has 1 to 200 characters on one line: customers see it.")
        if wrong := sorted(
            action for action in self.actions if not TOKEN.fullmatch(action) or action.startswith("pur")
        ):
            raise RegistrationError(f"These are no actions: {' '.join(wrong)}. An action looks like `audit:read`.")
        if self.customers_per_hour is not None and self.customers_per_hour < 0:
            raise RegistrationError("Customers an hour are 0 (any number) or more.")
        if self.over is Over.STOP and self.customers_per_hour == 0:
            raise RegistrationError("Stopped beyond how many? 0 is any number: give --customers-per-hour another one.")
        if self.max_page < 1:
            raise RegistrationError("A page has 1 row at least.")
        check_keeping(self.keeps, self.keeps_days)
        for origin in self.origins:
            check_origin(origin)
        if self.fapi2:
            self._check_fapi2()
        if self.kind is ClientKind.TOOL:
            self._check_tool()
        else:
            self._check_people()
        if found := registered.offences(registered.ClientRegistration(frozenset(each.name for each in self.purposes))):
            raise RegistrationError(f"{found[0]}.")

    def _check_fapi2(self) -> None:
        """FAPI 2.0 §5.3.2: a confidential client that signs, pushes its requests, and gets bound tokens alone."""
        if self.kind is not ClientKind.WEB or self.keys is None:
            raise RegistrationError("FAPI 2.0 is for a web that signs: give --kind web and --public-key.")
        if not self.dpop or not self.pushed:
            raise RegistrationError("FAPI 2.0 needs bound tokens and pushed requests: leave --no-dpop out.")
        if any(each.get("kty") != "EC" for each in orjson.loads(self.keys)["keys"]):
            raise RegistrationError("FAPI 2.0 knows no RS256: give a key of P-256, which signs with ES256.")
        if plain := [uri for uri in self.redirect_uris if not uri.startswith(("https://", "/"))]:
            raise RegistrationError(f"{plain[0]}: FAPI 2.0 sends customers back by https alone.")

    def _check_tool(self) -> None:
        if own := sorted(purpose.name for purpose in self.purposes if purpose.own_data_only):
            raise RegistrationError(
                f"{' '.join(own)} is for customers who read their own data: no tool has it, but an app or a web may."
            )
        if self.origins:
            raise RegistrationError(NO_TOOL_HAS_AN_ORIGIN)
        if signing_in := sorted(self.actions & OPENID_SCOPES):
            raise RegistrationError(f"{' '.join(signing_in)} is about a customer who signs in: no tool has it.")
        if self.backchannel_logout_uri is not None:
            raise RegistrationError("Nobody signs in to a tool: it is told of no session that ended.")
        if self.redirect_uris or self.pushed or self.first_party:
            raise RegistrationError("A tool sends nobody to sign in: it has no redirect URI, push or first party.")
        if self.id == PUBLIC:
            if self.purposes or self.actions:
                raise RegistrationError(NOTHING_PERSONAL)
        elif not self.purposes and not self.actions:
            raise RegistrationError("A tool needs a purpose or an action, or it could ask for nothing.")

    def _check_people(self) -> None:
        if others := sorted(purpose.name for purpose in self.purposes if not purpose.own_data_only):
            raise RegistrationError(
                f"{' '.join(others)} reads data of any customer: only a tool can have it, and no customer's token."
            )
        if not self.purposes:
            raise RegistrationError("An app or a web needs a purpose for one's own data: SELF_SERVICE.")
        if not self.redirect_uris:
            raise RegistrationError("Where are customers sent back to? Give --redirect-uri, in full.")
        # A secret in a program that everybody can download is none (RFC 8252 §8.5).
        if self.kind is ClientKind.APP and self.keys is not None:
            raise RegistrationError("An app keeps no secret, and no key that everyone who has the app would have.")
        if self.actions & OPENID_SCOPES and OPENID not in self.actions:
            raise RegistrationError(f"Claims are of OpenID Connect: name --scope {OPENID} as well.")
        if self.backchannel_logout_uri is not None:
            check_logout_uri(self.backchannel_logout_uri, self.actions)
        for uri in self.redirect_uris:
            if not (self.first_party and OWN_PATH.fullmatch(uri)):
                check_redirect_uri(uri, self.kind)
        if not self.first_party:
            self._check_third_party()

    def _check_third_party(self) -> None:
        """O10: a third-party client gets only scopes that customers can consent to."""
        every = " ".join(each.scope for each in AppScope)
        if others := sorted(self.actions - CONSENTED):
            raise RegistrationError(
                f"{' '.join(others)} is nothing that customers can allow an app that is not --first-party. They can: "
                f"{every}."
            )
        if not self.actions:
            raise RegistrationError(f"What may customers allow it? Name some with --scope: {every}.")


def check_keeping(keeps: str | None, days: int | None) -> None:
    """RegistrationError unless both the stored data and the days are stated, or neither."""
    if (keeps is None) != (days is None):
        raise RegistrationError("Say both what it keeps and for how long: --keeps TEXT --keeps-days N.")
    if keeps is not None and not (keeps.strip() and keeps.isprintable() and len(keeps) <= LONGEST_KEEPS):
        raise RegistrationError(f"What it keeps is said in 1 to {LONGEST_KEEPS} characters on one line.")
    if days is not None and days < 0:
        raise RegistrationError("It keeps something for 1 day or more, or nothing: --keeps nothing --keeps-days 0.")


def check_origin(origin: str) -> None:
    """RegistrationError unless it is the origin of an encrypted page, as browsers write it (RFC 6454 §6.2)."""
    if is_encrypted(origin) and ORIGIN.fullmatch(origin):
        parts = urlsplit(origin)
        port = {"https": 443, "http": 80}[parts.scheme]
        if parts.port != port:
            return
    raise RegistrationError(
        f"{origin}: an origin is https:// and a name in lower case, with a port only if it is another than 443, and "
        "without a path: https://app.example.com; or http://localhost:3000 on this machine."
    )


def _is_action(word: str) -> bool:
    return TOKEN.fullmatch(word) is not None and not word.startswith("purpose:")


def check_redirect_uri(uri: str, kind: ClientKind) -> None:
    """RegistrationError for a redirect URI to which codes must not be sent (RFC 9700 §4.1, RFC 8252 §7)."""
    # Before it is split: `urlsplit` normalises text that is not ASCII, in time quadratic in its combining marks.
    if not uri.isascii() or not uri.isprintable() or any(mark in uri for mark in " \"'<>\\;*,"):
        raise RegistrationError(
            f"{uri}: write it without wildcards, spaces or quotes, percent-encoded, its host by A-labels (xn--…)."
        )
    try:
        parts = urlsplit(uri)
        host = parts.hostname
        _ = parts.port  # Read, because an invalid port raises only here.
    except ValueError:
        raise RegistrationError(f"{uri} is not an address.") from None
    # RFC 6749 §3.1.2 forbids a fragment; `https://bank.example@evil.example/` shows the wrong name to people.
    if "#" in uri or parts.username is not None:
        raise RegistrationError(f"{uri}: leave out the fragment and the user name.")
    if is_encrypted(uri):
        return
    if kind is ClientKind.APP and not host and parts.path.startswith("/") and PRIVATE_SCHEME.fullmatch(parts.scheme):
        return
    raise RegistrationError(
        f"{uri}: use https://, http:// on this machine only, or for an app its own scheme: com.example.app:/back."
    )


def check_logout_uri(uri: str, actions: Collection[str]) -> None:
    """RegistrationError unless logout tokens may be posted there: encrypted, and to a client of OpenID Connect."""
    if OPENID not in actions:
        raise RegistrationError(f"A client is told of sessions by its ID tokens: it needs --scope {OPENID}.")
    check_redirect_uri(uri, ClientKind.WEB)


def key_set(text: bytes) -> str:
    """The public keys of a file (JWKS, JWK or PEM) as a key set; RegistrationError for no key, or a private one."""
    try:
        if text.lstrip().startswith(b"-----"):
            found: dict[str, Any] = _from_pem(text).as_dict(private=False)
        else:
            found = orjson.loads(text)
    except (JoseError, ValueError) as error:
        raise RegistrationError("The file holds no key: give a JWKS, a JWK or a PEM of a public key.") from error
    listed = found.get("keys", [found]) if isinstance(found, dict) else []
    if any(isinstance(item, dict) and item.keys() & {"d", "p", "q", "k"} for item in listed):
        raise RegistrationError("The file holds a private key: keep it, and give the public one.")
    if not imported({"keys": listed}):
        raise RegistrationError("The file holds no key for ES256 (P-256) or RS256 (2048 to 4096 bits).")
    return orjson.dumps({"keys": listed}).decode()


def _from_pem(text: bytes) -> ECKey | RSAKey:
    if b"PRIVATE" in text:
        raise RegistrationError("The file holds a private key: keep it, and give the public one.")
    try:
        found = load_pem_public_key(text)
    except UnsupportedAlgorithm as error:
        raise ValueError("not a key that is known") from error
    if isinstance(found, RSAPublicKey) and found.key_size in RSA_BITS:
        return RSAKey.import_key(text)
    return ECKey.import_key(text)


def purposes_named(names: Iterable[str]) -> frozenset[Purpose]:
    """The purposes of these names; RegistrationError, which lists them all, for an unknown name."""
    try:
        return frozenset(Purpose[name.upper()] for name in names)
    except KeyError as error:
        every = " ".join(Purpose.__members__)
        raise RegistrationError(f"{error.args[0]} is no purpose. There are: {every}.") from error
