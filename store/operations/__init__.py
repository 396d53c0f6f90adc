"""Tables for running the gateway itself: idempotency, counts, upgrades under way."""
