"""The API's commands about second factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resolvers.account import factors_enrolling as enrolling
from resolvers.account.factors_enrolling import Begun, Enrolled
from resolvers.commands.context import CommandContext, Result
from resolvers.signin.actor import actor_at

Given = Mapping[str, Any]


async def enrol_totp(context: CommandContext, given: Given) -> Begun:
    """Begin the enrolment of an authenticator app."""
    return await enrolling.begin_totp(actor_at(context), given.get("credentialId"), given.get("code") or "")


async def confirm_totp(context: CommandContext, given: Given) -> Enrolled:
    """Finish the enrolment with the first code."""
    return await enrolling.confirm_totp(actor_at(context), given.get("credentialId"), given.get("code") or "")


async def regenerate_recovery_codes(context: CommandContext, given: Given) -> Enrolled:
    """Generate new recovery codes; the old ones become invalid."""
    actor, code = actor_at(context), given.get("code") or ""
    return await enrolling.regenerate_recovery_codes(actor, given.get("credentialId"), code)


async def begin_passkey(context: CommandContext, given: Given) -> Begun:
    """Begin the registration of a passkey."""
    return await enrolling.begin_passkey(actor_at(context), given.get("credentialId"), given.get("code") or "")


async def finish_passkey(context: CommandContext, given: Given) -> Enrolled:
    """Finish the registration with the browser's response."""
    actor, answer, label = actor_at(context), given.get("response") or "", given.get("label") or ""
    return await enrolling.finish_passkey(actor, given.get("credentialId"), answer, label)


async def remove_second_factor(context: CommandContext, given: Given) -> Result:
    """Remove a second factor."""
    return await enrolling.remove(actor_at(context), given.get("secondFactorId") or 0, given.get("code") or "")
