"""Explains the decision on a document field by field, from the gateway's own decision and plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from audits.reports.clients import AuditedClient
from audits.reports.query_report import Explained, Explanation, Judged, Unfit, Verdict
from audits.schema.documents import read_document
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from audits.schema.sources import Text
from policy.conditions import Condition
from policy.purposes import Purpose
from schema.core.errors import ResponseError
from schema.decision.decision import Decision, RefusedField, decide_operation
from schema.decision.purposes import Chosen, choose, stated
from schema.decision.registered import grant_of
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.execution.planning import make_plan
from schema.model.model import SchemaModel
from store.sql.reading import Reader

CASE = "CASE-1"
"""Placeholder of the reference that some purposes require."""
SWITCHES = 6
"""Up to this number of `@skip` and `@include` variables every combination is planned, above it two: all and none."""


class Explainer:
    """Explains documents for one client."""

    def __init__(
        self, model: SchemaModel, facts: Facts, client: AuditedClient, reader: Reader, *, hints: bool = True
    ) -> None:
        """`hints`: errors may suggest names that the document does not contain."""
        self.model, self.facts, self.client, self.reader, self.hints = model, facts, client, reader, hints
        self.documents = Documents(self.model.core, Limits())

    def explain(self, text: Text, purpose: str | None) -> Explanation:
        """Explain each operation for its stated or registered purpose, else for each of the client's purposes."""
        document = self.documents.read(text.text)
        unfit = [_unfit(each, text.name) for each in document.problems(hints=self.hints)]
        # By hash, as at run time: the name of a document has no meaning.
        registered = next((each.purpose for each in self.client.documents if each.hash == document.hash), None)
        found: list[Explained] = []
        for operation in document.operations.values():
            statement = stated(operation.node, {}, purpose, None)
            if isinstance(statement, ResponseError):
                unfit.append(_unfit(statement, text.name))
                continue
            fixed = statement.purpose or Purpose.__members__.get(registered or "")
            purposes = (fixed,) if fixed is not None else self.client.known() or (None,)
            found += [self._for(text, operation, each, registered) for each in purposes]
        return Explanation(text, tuple(found), tuple(unfit))

    def _for(self, text: Text, operation: Operation, purpose: Purpose | None, registered: str | None) -> Explained:
        grant = grant_of(self.client)
        statement = stated(operation.node, {}, purpose.name if purpose else None, None)
        reference = CASE if purpose is not None and purpose.requires_reference else None
        own = Purpose.__members__.get(registered or "")
        if isinstance(statement, ResponseError):
            chosen, problems = Chosen(None, None), [statement.message]
        else:
            chosen = choose(grant, own, type(statement)(statement.purpose, statement.reference or reference))
            problems = []
        decision = decide_operation(self.model, operation, grant, chosen.purpose)
        if chosen.refused is not None and decision.problems():
            problems.append(chosen.problem().message)
        if decision.introspects and not self.client.introspection:
            problems.append("The client is not registered for introspection.")
        asked = operation.node.name.value if operation.node.name else ""
        verdict: Verdict = "withheld" if decision.refused else "allowed"
        if problems or not decision.permits(grant):
            verdict = "refused"
        return Explained(
            operation=asked or "(without a name)",
            purpose=purpose.name if purpose else "none",
            verdict=verdict,
            problems=tuple(dict.fromkeys(problems)),
            fields=tuple(self._fields(text, asked, decision)),
            columns=tuple(self._columns(operation, decision)),
            remarks=tuple(self._remarks(operation, purpose, reference)),
        )

    def _fields(self, text: Text, operation: str, decision: Decision) -> Iterator[Judged]:
        refused = {each.coordinate: each for each in (*decision.refused, *decision.unwithholdable)}
        refused |= {each.refused.coordinate: each.refused for each in decision.guarded}
        seen: set[str] = set()
        for asked in read_document(self.facts, text.name, text.text, operation).asked.values():
            fact = self.facts.all[asked.coordinate]
            # Fields without rules are listed only if they are refused.
            if fact.governs or asked.coordinate in refused:
                seen.add(asked.coordinate)
                conditions = decision.conditions.get(asked.coordinate, ())
                yield self._judged(asked.coordinate, asked.place, refused.get(asked.coordinate), conditions)
            if asked.coordinate not in refused:
                yield from self._rendered(asked.coordinate, asked.place, seen)
        for coordinate, each in refused.items():
            if coordinate not in seen:
                first = each.locations[0] if each.locations else {"line": 1, "column": 1}
                place = SourcePosition(text.name, first["line"], first["column"])
                yield self._judged(coordinate, place, each, decision.conditions.get(coordinate, ()))

    def _rendered(self, coordinate: str, place: SourcePosition, seen: set[str]) -> Iterator[Judged]:
        """The fields that a selected rendered document contains."""
        type_, _, field = coordinate.partition(".")
        source = self.model.field(type_, field).source if (type_, field) in self.model.fields else None
        contents = source.contents if source is not None else None
        if contents is None:
            return
        for each in contents.fields.values():
            if each not in seen:
                seen.add(each)
                yield self._judged(each, place, None, self.model.rules[each].conditions(contents.reads_as))

    def _judged(
        self, coordinate: str, place: SourcePosition, refused: RefusedField | None, conditions: Iterable[Condition]
    ) -> Judged:
        fact = self.facts.all.get(coordinate)
        return Judged(
            coordinate,
            place,
            refused is None,
            tuple(sorted(each.name for each in conditions)),
            refused.refused.reason.name if refused else "",
            tuple(each.name for each in refused.refused.allowed) if refused else (),
            (fact.declared.source or "") if fact else "",
        )

    def _columns(self, operation: Operation, decision: Decision) -> list[str]:
        """The columns selected at most, over the combinations of `@skip` and `@include` variables."""
        found: dict[str, None] = {}
        for values in _combinations(operation.switches):
            plan = make_plan(self.model, self.reader, operation, decision, values)
            found.update(dict.fromkeys(plan.columns))
        return sorted(found)

    def _remarks(self, operation: Operation, purpose: Purpose | None, reference: str | None) -> Iterator[str]:
        known = {each.hash for each in self.client.documents}
        if self.client.documents_only and operation.document.hash not in known:
            yield f"The client may only send what it registered. Register this one as sha256:{operation.document.hash}."
        if reference:
            yield "Each request must name its case, such as INC-4711."
        if purpose is not None and purpose.own_data_only:
            yield "Only the signed-in person's own data is within reach."


def _combinations(switches: Sequence[str]) -> Iterator[Mapping[str, bool]]:
    # 2⁶ = 64 plans at most.
    choices = product((True, False), repeat=len(switches))
    if len(switches) > SWITCHES:
        choices = iter([(True,) * len(switches), (False,) * len(switches)])  # type: ignore[assignment]
    return (dict(zip(switches, each, strict=True)) for each in choices)


def _unfit(problem: ResponseError, name: str) -> Unfit:
    first = problem.locations[0] if problem.locations else {"line": 1, "column": 1}
    return Unfit(problem.message, SourcePosition(name, first["line"], first["column"]))
