"""The outbox, rate limits, single-use values and revocations."""
