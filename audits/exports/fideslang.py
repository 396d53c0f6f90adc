"""The data map in fideslang 3.1.4 (Fides): an organization, its systems, its dataset, and the policy's hard rules.

Written as JSON, which is also YAML. The package silently accepts unknown keys, so all keys come from the policy, where
they were checked against the taxonomy; keys that the taxonomy lacks are defined in the export.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from audits.papers.controller import Controller, Party
from audits.papers.record import Activity, ProcessingRecord, disclosed
from audits.papers.subjects import Subject
from audits.schema.facts import Fact, Facts
from policy.bases import LegalBasis
from policy.categories import Category
from policy.hard_rules import NEVER, ONLY
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.vocabularies import FIDESLANG_VERSION

ORGANIZATION: Final = "controller"
SYSTEM: Final = "customer_gateway"
DATASET: Final = "customer_store"


def fideslang(facts: Facts, found: ProcessingRecord) -> dict[str, Any]:
    """Return one Taxonomy document, for `fideslang.models.Taxonomy`."""
    # `customer` is in fideslang's own taxonomy.
    own_subjects = [each for each in Subject if each is not Subject.CUSTOMER]
    return {
        "data_subject": [
            {
                "fides_key": each.fides,
                "organization_fides_key": ORGANIZATION,
                "name": each.name,
                "description": each.text,
            }
            for each in own_subjects
        ],
        "organization": [_organization(found.controller)],
        "system": [_gateway(facts, found), *(_recipient(each) for each in Recipient)],
        "dataset": [_dataset(facts)],
        "policy": [_policy()],
    }


def _organization(own: Controller) -> dict[str, Any]:
    return {
        "fides_key": ORGANIZATION,
        "organization_fides_key": ORGANIZATION,
        "name": own.name,
        "description": f"fideslang {FIDESLANG_VERSION}; derived from the schema of the customer data gateway",
        "controller": {"name": own.name, "address": own.address, "email": own.email, "phone": own.phone},
        "data_protection_officer": _contact(own.dpo),
        "representative": _contact(own.representative),
    }


def _contact(party: Party) -> dict[str, str]:
    if party.none:
        return {"name": f"None: {party.none['en']}", "address": "", "email": "", "phone": ""}
    return {"name": party.name, "address": party.address, "email": party.email, "phone": ""}


def _gateway(facts: Facts, found: ProcessingRecord) -> dict[str, Any]:
    carried_out = [each for each in found.activities if each.enabled]
    return {
        "fides_key": SYSTEM,
        "organization_fides_key": ORGANIZATION,
        "name": "Customer data gateway",
        "description": "GraphQL gateway that gives each field for its purposes only.",
        "system_type": "Application",
        "responsibility": ["Controller"],
        "legal_name": found.controller.name,
        "egress": [
            {"fides_key": _key(each), "type": "system", "data_categories": _categories_to(facts, each)}
            for each in Recipient
        ],
        "dataset_references": [DATASET],
        "privacy_declarations": [_declaration(facts, each) for each in carried_out],
    }


def _recipient(recipient: Recipient) -> dict[str, Any]:
    return {
        "fides_key": _key(recipient),
        "organization_fides_key": ORGANIZATION,
        "name": recipient.text,
        "description": recipient.condition,
        "system_type": "Third Party",
        "privacy_declarations": [],
    }


def _declaration(facts: Facts, activity: Activity) -> dict[str, Any]:
    """Return the declaration of one purpose, always with a name: the package raises a TypeError for two without one."""
    purpose = activity.purpose
    shared = sorted({key for each in activity.recipients for key in _categories_to(facts, each, purpose)})
    declaration: dict[str, Any] = {
        "name": purpose.name,
        "data_use": purpose.fides,
        "data_categories": sorted({each.fides for each in activity.categories}),
        "data_subjects": [each.fides for each in activity.subjects],
        "dataset_references": [DATASET],
        "egress": [_key(each) for each in activity.recipients],
        "flexible_legal_basis_for_processing": False,
        "retention_period": "; ".join(each.text for each in activity.limits) or "see the record",
        "data_shared_with_third_parties": bool(activity.recipients),
        "third_parties": "; ".join(each.text for each in activity.recipients) or None,
        "shared_categories": shared,
    }
    if basis := next((each.fides for each in purpose.bases if each.fides), None):
        # fideslang allows one basis for each declaration: the usual one, which is the first with a term.
        declaration["legal_basis_for_processing"] = basis
    return declaration


def _categories_to(facts: Facts, recipient: Recipient, purpose: Purpose | None = None) -> list[str]:
    return sorted({key for fact in disclosed(facts, recipient, purpose) if (key := _fides(fact))})


def _dataset(facts: Facts) -> dict[str, Any]:
    types: dict[str, list[Fact]] = {}
    for fact in facts.outputs:
        types.setdefault(fact.type_name, []).append(fact)
    return {
        "fides_key": DATASET,
        "organization_fides_key": ORGANIZATION,
        "name": "Customer store",
        "description": f"The types of {facts.sdl.name}, SHA-256 {facts.sdl.sha256}",
        "data_categories": [],
        "collections": [
            {"name": name, "fields": [_field(fact) for fact in sorted(found, key=lambda fact: fact.name)]}
            for name, found in types.items()
        ],
    }


def _field(fact: Fact) -> dict[str, Any]:
    category = _fides(fact)
    return {
        "name": fact.name,
        "description": fact.description,
        "data_categories": [category] if category else [],
        "data_uses": sorted({Purpose[name].fides for name in fact.purposes if name in Purpose.__members__}),
        "data_subjects": [(Subject.DOMAIN_OWNER if _of_owner(fact) else Subject.CUSTOMER).fides],
    }


def _of_owner(fact: Fact) -> bool:
    return Recipient.REGISTRY.name in fact.declared.recipients


def _fides(fact: Fact) -> str | None:
    category = Category.__members__.get(fact.category or "")
    return category.fides if category else None


def _key(recipient: Recipient) -> str:
    return recipient.name.lower()


def _policy() -> dict[str, Any]:
    """Return the hard rules in the form of Fides: categories that are never combined with uses."""
    every = {each.fides for each in Purpose}
    # A rule that begins with a coordinate is left out: Fides knows of no coordinates.
    rules = [
        _rule(each.source, each.categories, {one.fides for one in each.purposes})
        for each in NEVER
        if not each.beginning
    ]
    rules += [_rule(each.source, each.categories, every - {one.fides for one in each.purposes}) for each in ONLY]
    return {
        "fides_key": "hard_rules",
        "organization_fides_key": ORGANIZATION,
        "name": "What the privacy notice excludes",
        "rules": rules,
    }


def _rule(source: str, categories: Collection[Category], uses: set[str]) -> dict[str, Any]:
    name = source.partition(":")[0].replace(", ", "_").lower()
    return {
        "name": f"{name}_{min(each.name for each in categories).lower()}",
        "data_categories": {"matches": "ANY", "values": sorted({each.fides for each in categories})},
        "data_uses": {"matches": "ANY", "values": sorted(uses)},
        "data_subjects": {"matches": "ANY", "values": [each.fides for each in Subject]},
    }


def unmapped() -> tuple[LegalBasis, ...]:
    """Return the legal bases without a fideslang term; they are missing in the declarations of the export."""
    return tuple(each for each in LegalBasis if each.fides is None)
