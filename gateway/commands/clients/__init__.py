"""Commands about OAuth clients: registrations, proofs, and the dates of their purposes."""
