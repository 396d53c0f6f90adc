"""The grant that a token of a registered client would have, to judge documents and schemas before there is a token."""

from __future__ import annotations

from audits.reports.clients import AuditedClient
from policy.app_scopes import APP_SCOPES
from policy.grant import Grant, Refusal


def grant_of(client: AuditedClient) -> Grant:
    """The widest grant of the client; with a purpose that is limited to own data it has a placeholder subject."""
    purposes = frozenset(client.known())
    bound = any(each.own_data_only for each in purposes)
    third_party = bound and not client.first_party
    return Grant(
        token_id="registered",  # noqa: S106 (no token at all)
        client_id=client.id,
        # Any subject: the decision depends on whether there is one, not on whom.
        subject=1 if bound else None,
        purposes=purposes,
        # A third-party token has the scopes that customers can consent to, and no others (O10).
        scopes=client.scopes & APP_SCOPES if third_party else client.scopes,
        expires_at=0,
        refusal=Refusal[client.refusal],
        documents_only=client.documents_only,
        introspection=client.introspection,
        max_page=client.max_page,
        partner=client.partner,
        third_party=third_party,
    )
