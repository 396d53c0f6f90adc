"""`/staff/requests`: staff see the register of requests, record who asks, and carry requests out (GDPR Art. 12)."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final, TypeVar

import orjson
from starlette.responses import Response
from starlette.routing import Route

from gateway.signin.frame.request_context import RequestContext
from gateway.signin.frame.services import SignInServices
from gateway.signin.frame.serving import PageEndpoint
from gateway.signin.frame.shown import PageNotice
from gateway.signin.staff.sessions import StaffSession, StaffSessions
from messages.catalogue import translate
from policy.grant import Grant, Refusal, internal_grant
from policy.purposes import Purpose
from policy.requests import OPEN, RequestKind, RequestState, RequestWay
from policy.restricting import Ground, ObjectionOutcome, objection_to
from resolvers.restriction.by_staff import RightsError
from resolvers.rights.register import CarriedOut, RequestRegister
from schema.documents.requests import Request, RequestOutcome
from schema.mutations.profile import profile_columns
from store.accesses.acts import ActEntry, entry_of
from values.date_time import read_day

Result = TypeVar("Result")

CLIENT = "requests-page"
PATH = "/staff/requests"
READS_ONLY: Final = frozenset({"AUDITOR"})
WHO_ASKS = """query WhoAsks($by: CustomerBy!) { customer(by: $by) { customerNumber fullName email
  postalAddress { formatted } } }"""
NAME = ("givenName", "familyName")
ADDRESS = ("street", "street2", "postalCode", "city", "region", "country")
WAYS = tuple(way for way in RequestWay if way not in (RequestWay.CLIENT_AREA, RequestWay.OTHER))


@dataclass(frozen=True, slots=True)
class RequestPages:
    """The handlers. A session of `/audit` is good here; what it may do is the register's of staff."""

    sessions: StaffSessions

    async def show(self, context: RequestContext) -> Response:
        """The register, or one request of it."""
        session = await self._session(context)
        if session is None:
            return context.go("/audit/sign-in")
        said = [PageNotice(context.say("req_done"))] if context.asked.get("done") else []
        return await self._page(context, session, *said)

    async def act(self, context: RequestContext) -> Response:
        """Do what a form of the page asks for; the register decides, and the ledger has it before and after."""
        session = await self._session(context)
        if session is None:
            return context.go("/audit/sign-in")
        if session.acting.role in READS_ONLY:
            return await self._page(context, session, PageNotice(context.say("req_only"), "error"), status=403)
        act, request = context.form.get("do", ""), _number(context.form.get("request"))
        try:
            done = await self._recorded(context, session, act, request, self._do(context, session, act, request))
        except RightsError as refused:
            return await self._failed(context, session, str(refused))
        if isinstance(done, CarriedOut) and done.problems:
            return await self._failed(context, session, " ".join(done.problems))
        shown = done if act == "open" else request
        return context.go(context.to(PATH, request=str(shown), done="yes"))

    async def _do(self, context: RequestContext, session: StaffSession, act: str, request: int) -> Any:
        register, form, now = self._register(context, session), context.form, context.now
        signature, because = form.get("signature", "").strip() or None, form.get("because", "").strip()
        match act:
            case "open":
                return await self._open(context, register)
            case "verify":
                return await register.verify(request, because, now, signature)
            case "pause":
                return await register.pause(request, because, now)
            case "resume":
                return await register.resume(request, now)
            case "extend":
                return await register.extend(request, because, now)
            case "refuse":
                return await register.refuse(request, because, now)
            case "withdraw":
                return await register.withdraw(request, now)
            case "answer":
                return await register.answer(request, because, now)
            case "correct":
                return await register.correct(request, _corrections(form), because, now, profile_columns())
            case "carry-out":
                ground, waits = Ground.__members__.get(form.get("ground", "")), "waits" in form
                return await register.carry_out(
                    request, now, signature=signature, ground=ground, when_services_end=waits
                )
        raise RightsError("There is no such act.")

    async def _open(self, context: RequestContext, register: RequestRegister) -> int:
        form = context.form
        kind, way = RequestKind.__members__.get(form.get("kind", "")), RequestWay.__members__.get(form.get("way", ""))
        if kind is None or way not in WAYS:
            raise RightsError("Say which right is used, and in which way the request came.")
        asked = _day(form.get("on"), context) if form.get("on") else None
        purpose = Purpose.__members__.get(form.get("purpose", "")) if kind is RequestKind.OBJECTION else None
        number, reference = form.get("number", "").strip(), form.get("reference", "").strip()
        return await register.open(number, kind, way, reference, context.now, asked=asked, purpose=purpose)

    async def _recorded(
        self, context: RequestContext, session: StaffSession, act: str, request: int, work: Awaitable[Result]
    ) -> Result:
        """Do it between two entries of the ledger, as the command line does (G17)."""
        id_, ledger = secrets.token_hex(8), context.services.store.ledger
        name = f"requests {act}" if act in ACTS else "requests"

        def entry(state: str, target: str | None) -> dict[str, Any]:
            person = session.acting.pseudonym, session.code
            return entry_of(ActEntry(id_, context.now, name, state, *person, target, ()))

        try:
            await ledger.append(entry("BEGUN", None))
            result = await work
        except BaseException:
            await ledger.append(entry("FAILED", None))
            raise
        await ledger.append(entry("DONE", str(request) if request else None))
        return result

    async def _failed(self, context: RequestContext, session: StaffSession, why: str) -> Response:
        return await self._page(context, session, PageNotice(context.say("req_failed", why=why), "error"), status=422)

    async def _page(
        self, context: RequestContext, session: StaffSession, *said: PageNotice, status: int = 200
    ) -> Response:
        register, request = self._register(context, session), _number(context.value("request"))
        if request:
            return await self._one(context, session, register, request, *said, status=status)
        found = await register.listed(context.value("all") is not None)
        rows = [
            {
                "id": row.id,
                "number": number,
                "kind": translate(RequestKind[row.kind].text, context.language),
                "state": translate(RequestState[row.state].text, context.language),
                "due": context.day(row.answer_by.isoformat()),
                "late": row.answered_at is None and row.answer_by < context.now,
            }
            for number, row in found
        ]
        objected = [each.name for each in Purpose if objection_to(each) is not ObjectionOutcome.NONE]
        return context.page(
            "staff_requests", *said, status=status, rows=rows, every=context.value("all") is not None,
            may_act=session.acting.role not in READS_ONLY, kinds=_words(RequestKind, context),
            ways=_words(WAYS, context), purposes=objected,
        )  # fmt: skip

    async def _one(
        self,
        context: RequestContext,
        session: StaffSession,
        register: RequestRegister,
        request: int,
        *said: PageNotice,
        status: int,
    ) -> Response:
        try:
            facts = await register.shown(request)
        except RightsError as refused:
            why = PageNotice(context.say("req_failed", why=str(refused)), "error")
            return context.message("req_title", *said, why, ways=[context.way("req_open_ones", PATH)], status=404)
        kind, state = RequestKind[facts["kind"]], RequestState[facts["state"]]
        two = kind.needs_two and state in OPEN
        person = await self._who_asks(context, session, register, request, facts)
        return context.page(
            "staff_request", *said, status=status, request=request, facts=facts, person=person, kind=kind.name,
            kind_text=translate(kind.text, context.language), state_text=translate(state.text, context.language),
            way_text=translate(RequestWay[facts["way"]].text, context.language), state=state.name,
            purpose_text=translate(Purpose[facts["purpose"]].text, context.language) if facts["purpose"] else "",
            is_open=state in OPEN, due=context.day(facts["answer_by"].isoformat()),
            may_act=session.acting.role not in READS_ONLY, grounds=_words(Ground, context),
            to_sign=await register.to_sign(request) if two else None, namespace=register.namespace() if two else "",
            texts=(*NAME, "phone", *ADDRESS),
        )  # fmt: skip

    async def _who_asks(
        self,
        context: RequestContext,
        session: StaffSession,
        register: RequestRegister,
        request: int,
        facts: Any,
    ) -> dict[str, Any] | None:
        """The person by the API, for RIGHTS_HANDLING on the case: it is in the ledger with who looked, and in what the
        person sees. None without a reference: who asks in the client area is signed in."""
        if not facts["reference"]:
            return None
        customer = await register.subject_of(request)
        by = {"id": context.services.store.keys.system.ids("Customer", customer, customer)}
        asked = Request(
            query=WHO_ASKS,
            variables={"by": by},
            purpose=Purpose.RIGHTS_HANDLING.name,
            reference=facts["reference"],
            read_only=True,
            acting=session.acting,
        )
        outcome = await context.services.api.execute(asked, _grant(session))
        if outcome.kind is not RequestOutcome.OK:
            return None
        found: dict[str, Any] | None = orjson.loads(outcome.body)["data"]["customer"]
        return found

    def _register(self, context: RequestContext, session: StaffSession) -> RequestRegister:
        return RequestRegister(context.services.store, context.services.means, session.code)

    async def _session(self, context: RequestContext) -> StaffSession | None:
        cookie = context.services.cookies.read(context.request, context.services.cookies.staff)
        return await self.sessions.find(cookie, context.now) if cookie else None


ACTS: Final = frozenset(
    {"open", "verify", "pause", "resume", "extend", "refuse", "withdraw", "answer", "correct", "carry-out"}
)
"""The acts of the page, by the names of the commands (`gateway requests …`)."""


def _grant(session: StaffSession) -> Grant:
    """The grant of the page: one purpose, for which each reading names its case."""
    named = f"{CLIENT}:{session.id}"
    purpose = Purpose.RIGHTS_HANDLING
    return internal_grant(CLIENT, session.expires_at, purpose, refusal=Refusal.WITHHOLD, token_id=named)


def _words(rows: Any, context: RequestContext) -> list[tuple[str, str]]:
    return [(each.name, translate(each.text, context.language)) for each in rows]


def _number(text: str | None) -> int:
    """The number of a request; 0 for none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0


def _day(text: str | None, context: RequestContext) -> datetime:
    try:
        found = read_day(text or "")
    except ValueError:
        raise RightsError("A day is written like 2027-03-01.") from None
    return datetime.combine(found, time(), context.services.means.site.zone)


def _corrections(form: Any) -> dict[str, Any]:
    """The corrections of the form: the fields that are filled in; an address is replaced as a whole."""
    given: dict[str, Any] = {each: form[each].strip() for each in (*NAME, "phone") if form.get(each, "").strip()}
    address = {each: form[each].strip() for each in ADDRESS if form.get(each, "").strip()}
    return given | ({"postalAddress": address} if address else {})


def list_routes(services: SignInServices, pages: RequestPages) -> list[Route]:
    """The page."""
    return [Route(PATH, PageEndpoint(services, pages.show, pages.act))]
