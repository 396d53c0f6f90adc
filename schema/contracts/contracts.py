"""The contract of a purpose, of a client, or of a token: the schema as its documents can use it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from schema.api.build import own_model, sdl
from schema.contracts.nullability import never_null
from schema.contracts.printing import printed_contract, printed_semantic
from schema.contracts.pruning import Pruned
from schema.decision.verdicts import CoordinateVerdicts
from schema.model.model import SchemaModel


def contract_of_purpose(purpose: Purpose, *, semantic: bool = False) -> str:
    """Return the contract of our own clients that may read for this purpose, with every scope for what it may do.

    What needs a scope alone and no purpose, such as the audits, is in the contracts of clients only; what routers ask
    for is in `gateway schema print --federation`.
    """
    rules = _model().rules.items()
    bound = (rule for place, rule in rules if rule.allowances and not place.startswith("Query._entities"))
    scopes = frozenset(word for rule in bound for needed in rule.scopes for word in needed)
    grant = Grant(
        token_id="contract",  # noqa: S106 (no token at all)
        client_id="contract",
        subject=1 if purpose.own_data_only else None,
        purposes=frozenset({purpose}),
        scopes=scopes,
        expires_at=0,
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
    )
    return contract_of_grant(grant, semantic=semantic)


def contract_of_grant(grant: Grant, purposes: Iterable[Purpose] | None = None, *, semantic: bool = False) -> str:
    """Return the contract of a token for all of its purposes, or for some of them."""
    model = _model()
    wanted = sorted(grant.purposes if purposes is None else purposes, key=list(Purpose).index)
    # A grant without a purpose, such as an auditor's, still uses what needs none.
    pruned = Pruned(model, [CoordinateVerdicts(model, each, grant) for each in wanted or (None,)])

    def is_never_null(type_name: str, name: str) -> bool:
        field = model.field(type_name, name)
        return all(never_null(model, field, each) for each in pruned.purposes_of(type_name, name))

    return printed_contract(sdl(), pruned, is_never_null, semantic)


@cache
def semantic_sdl() -> str:
    """Return the whole schema with `@semanticNonNull`: null only where the answer has an error, or withholds."""
    model = _model()

    def is_never_null(type_name: str, name: str) -> bool:
        field = model.field(type_name, name)
        rule = field.rule
        purposes = [each for each in Purpose if rule is not None and rule.when(each)]
        return all(never_null(model, field, each) for each in purposes or (None,))

    return printed_semantic(sdl(), is_never_null)


@cache
def _model() -> SchemaModel:
    # Not the model that serves requests: contracts are made in another thread, and decisions are cached in the model.
    return SchemaModel(own_model().core)
