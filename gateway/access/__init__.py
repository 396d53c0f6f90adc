"""Whether a request may be answered: authentication, clients, budgets, rate limits, revocations."""
