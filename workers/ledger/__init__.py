"""The ledger sealed."""
