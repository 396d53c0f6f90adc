"""Floor 3, when? Background jobs: each worker leases due work, does it, and can be killed at any point."""
