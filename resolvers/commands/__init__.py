"""The context and dependencies of commands, and their idempotency."""
