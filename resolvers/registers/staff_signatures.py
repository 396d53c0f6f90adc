"""Finds the member of staff who signed a text with `ssh-keygen -Y sign`: two persons are two proofs, not two names
(D12)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.registers.ssh_keys import SshError
from resolvers.registers.ssh_signatures import SshSignature
from resolvers.registers.staff import Member, StaffError, holder_of


async def signer_of(connection: AsyncConnection, text: str, signature: str, namespace: str) -> Member:
    """The person who works here now, and whose registered key signed this text in this namespace; StaffError."""
    try:
        found = SshSignature.read(signature)
        found.verify(text.encode(), namespace)
    except SshError as error:
        raise StaffError(f"The signature proves nothing: {error}") from None
    holder = await holder_of(connection, found.key)
    if holder is None:
        raise StaffError("Its key is nobody's who works here now: `gateway staff list` shows who does.")
    return holder
