"""The commands that register a domain and change its registrant (R25, R30, R52)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from policy.events import Event
from policy.registries import FIELDS, REGISTRANT_KINDS, registry_of
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.disclosures.registries import disclose_registration
from resolvers.domains.whois import CONFLICT, NO_DOMAIN
from resolvers.emails.limits import rate_limited
from resolvers.emails.registrants import RegistrantEmail
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.events.rectifying import notify_of_correction
from resolvers.registrants.confirmation import ask_owner, email_context_of, is_confirmed
from resolvers.registrants.registrants import COORDINATES, differing, notify_owner, owned, read_details, same, sealed
from resolvers.services.services import word
from store.crypto.blind_index import Lookup
from store.lookups.reservations import LookupRequest, LookupTakenError, reserving
from store.records.registrations import RegistrationRunsError, let_go
from store.sql.ids import new_id
from store.tables.domains import domains
from store.tables.services import services
from values.domain_name import DomainNameError, to_ascii

NO_SERVICE = UserProblem("NOT_FOUND", "There is no such service that runs.", ("serviceId",))
NO_DOMAIN_SERVICE = UserProblem("NOT_A_DOMAIN", "This service is not the subscription of a domain.", ("serviceId",))
HAS_ONE = UserProblem("TAKEN", "This service has its domain already.", ("serviceId",))
TAKEN = UserProblem("TAKEN", "This domain is registered here already.", ("name",))
PAST = UserProblem("INVALID_TIME", "A registration that is made now ends later.", ("expiresAt",))
NAMELESS = UserProblem("REQUIRED", "An owner has a name.", ("registrant", "name"))
EMAIL = ("registrant", "email")
NOT_OFFERED = UserProblem(
    "ENDING_NOT_OFFERED",
    "Domains of this ending are not offered: ask `registryPolicy(tld:)` before ordering.",
    ("name",),
)


async def register_domain(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record a domain of a customer's service with its registrant; every detail that may be hidden is (A6).

    A registrant other than the customer is asked to confirm, and informed once confirmed (GDPR Art. 14; S13).
    """
    ends = given.get("expiresAt")
    details, texts = read_details(given["registrant"])
    problems = [*texts.problems]
    try:
        name = to_ascii(given["name"])
    except DomainNameError as error:
        name = None
        problems.append(UserProblem("INVALID_DOMAIN", str(error), ("name",)))
    if ends is not None and ends <= context.now:
        problems.append(PAST)
    # One problem per field: a name that is malformed is not reported as missing, too.
    if details.get(domains.c.registrant_name) is None and not any(each.field[-1] == "name" for each in texts.problems):
        problems.append(NAMELESS)
    if problems or name is None:
        return Result(problems=tuple(problems))
    # The reservation surrounds the transaction, so that a crash leaves a reservation without a row, never two rows.
    async with reserving(context.store) as reserved, context.store.write() as connection:
        found = select(services.c.customer_id, services.c.kind).where(
            services.c.id == (given.get("serviceId") or 0), services.c.status != "TERMINATED"
        )
        service = (await connection.execute(found.with_for_update())).one_or_none()
        (key,) = await context.store.keys.subjects([service.customer_id]) if service is not None else (None,)
        # Another customer's service is not distinguished from a missing one (D6).
        if service is None or key is None:
            return Result(problems=(NO_SERVICE,))
        if service.kind != "DOMAIN":
            return Result(problems=(NO_DOMAIN_SERVICE,))
        if await connection.scalar(select(domains.c.id).where(domains.c.service_id == given["serviceId"])) is not None:
            return Result(problems=(HAS_ONE,))
        id_, email, email_context = new_id(), details.get(domains.c.registrant_email), email_context_of(context)
        wanted = LookupRequest(Lookup.DOMAIN, context.store.keys.blind_index(Lookup.DOMAIN, name), key.customer_id, id_)
        try:
            over = await reserved.take(connection, [wanted], context.now)
            # What is published below an unknown ending nobody knows. Asked after the name, which may be taken already.
            if registry_of(name) is None:
                return Result(problems=(NOT_OFFERED,))
            await let_go(connection, over, context.now)
        except (LookupTakenError, RegistrationRunsError):
            return Result(problems=(TAKEN,))
        written, known = sealed(key, id_, {domains.c.name: name, **details}), await is_confirmed(connection, key, email)
        resting = written.get("registrant_email")
        # The customer's own address, and one that confirmed before, need no question.
        asks = email is not None and resting is not None and not known
        # Before the row is written: if no e-mail may be sent, nothing is registered.
        if asks and (wait := await ask_owner(connection, email_context, key, id_, resting or b"", email or "")):
            return Result(problems=(rate_limited(wait, *EMAIL),))
        row = {
            "id": id_,
            "customer_id": key.customer_id,
            "service_id": given["serviceId"],
            "name_ref": wanted.ref,
            "tld": name.rpartition(".")[2],
            "registrant_kind": word(given["registrantKind"], REGISTRANT_KINDS),
            "registered_at": context.now,
            "expires_at": ends,
            **written,
            "registrant_confirmed_at": context.now if known else None,
            **{f"hide_{field}": True for field in FIELDS},
        }
        await connection.execute(insert(domains).values(row))
        coordinates = ["Domain.name", *(COORDINATES[column] for column in details)]
        facts: dict[str, Fact] = {"domain": Ref("Domain", id_), "service": Ref("Service", given["serviceId"])}
        await record(connection, context, key, coordinates)
        await announce(connection, key, Event.DOMAIN_REGISTERED.wire, context.now, coordinates, facts)
        # Only details with a value are disclosed.
        handed = [
            "Domain.name",
            "Registrant.kind",
            *(COORDINATES[each] for each, value in details.items() if value),
        ]
        await disclose_registration(connection, key, id_, row["tld"], handed, context.now)
        domain = await owned(connection, key, id_, context.now)
        assert domain is not None  # It was written a moment ago.
        await notify_owner(connection, email_context, key, RegistrantEmail.NOTICE, domain)
        await reserved.written(connection)
    return Result(affected={"domain": id_, "customer": key.customer_id}, disclosed={id_: frozenset(handed)})


async def update_registrant(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Change the registrant of one's own domain or details of theirs; omitted fields stay, and what is as it was is no
    change.

    Another e-mail address means another person: the old one is informed, the new one is asked to confirm (S13), and a
    pending erasure request of the old one is dropped.
    """
    details, texts = read_details(given["registrant"])
    kind = word(given["registrantKind"], REGISTRANT_KINDS) if given.get("registrantKind") is not None else None
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, given.get("domainId") or 0, context.now) if key is not None else None
        if key is None or domain is None:
            return Result(problems=(NO_DOMAIN,))
        # The row is locked.
        version = await connection.scalar(select(domains.c.version).where(domains.c.id == domain.id))
        if given.get("ifVersion") not in (None, version):
            return Result(affected={"domain": domain.id, "customer": context.subject}, problems=(CONFLICT,))
        email = details.get(domains.c.registrant_email, domain.email)
        other = not same(email, domain.email)
        if not other:
            details.pop(
                domains.c.registrant_email, None
            )  # Encrypting it again would invalidate links, which are bound to the ciphertext.
        details = await differing(connection, key, domain.id, details)
        changes: dict[str, Any] = dict(sealed(key, domain.id, details))
        coordinates = [COORDINATES[column] for column in details]
        if kind is not None and kind != domain.kind:
            changes["registrant_kind"] = kind
            coordinates.append("Registrant.kind")
        if changes:
            if other:
                known = await is_confirmed(connection, key, email)
                changes |= {"registrant_erasure_at": None, "registrant_confirmed_at": context.now if known else None}
                if email is not None and not known:
                    resting = changes["registrant_email"]
                    if wait := await ask_owner(connection, email_context_of(context), key, domain.id, resting, email):
                        return Result(problems=(rate_limited(wait, *EMAIL),))
            await connection.execute(update(domains).where(domains.c.id == domain.id).values(changes))
            await record(connection, context, key, coordinates)
            facts: dict[str, Fact] = {"domain": Ref("Domain", domain.id)}
            await notify_of_correction(connection, key.customer_id, coordinates, context.now)
            await announce(connection, key, Event.REGISTRANT_CHANGED.wire, context.now, coordinates, facts)
            if other:
                email_context, template = email_context_of(context), RegistrantEmail
                await notify_owner(connection, email_context, key, template.REPLACED, domain)
                after = await owned(connection, key, domain.id, context.now)
                assert after is not None  # It is locked.
                await notify_owner(connection, email_context, key, template.NOTICE, after)
    return Result(affected={"domain": domain.id, "customer": context.subject})
