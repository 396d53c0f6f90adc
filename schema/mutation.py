"""The root fields that change something."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.profile import update_profile
from schema.commands import command
from schema.profile import UpdateProfileInput, UpdateProfilePayload
from schema.readers import SELF


@strawberry.type(description="What may be changed. Each is carried out whole or not at all, one after the other.")
class Mutation:
    """The commands."""

    @command(update_profile, (SELF,))
    def update_profile(
        self, input: Annotated[UpdateProfileInput, strawberry.argument(description="What to change.")]
    ) -> UpdateProfilePayload:
        """Change the own profile, at any time."""
