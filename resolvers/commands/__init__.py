"""What every command needs: its context, its dependencies, idempotency."""
