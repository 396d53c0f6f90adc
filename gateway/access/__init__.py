"""Access control of requests: authentication, registered clients, budgets, rate limits, revocations."""
