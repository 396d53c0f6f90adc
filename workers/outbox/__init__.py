"""Delivers the outbox: e-mail and webhooks, with backoff."""
