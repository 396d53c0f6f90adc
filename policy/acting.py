"""The person who acts behind a tool's token: by role and pseudonym, never by name (Art. 5(1)(c): staff are persons)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActingPerson:
    """A member of staff on whose behalf a tool asks."""

    pseudonym: str
    """22 letters, under a key of its own (`store.accesses.staff_pseudonyms`)."""
    role: str
    """The role of the register, such as `SUPPORT`."""
