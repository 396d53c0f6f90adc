"""The outbox delivered: e-mail and webhooks, with backoff."""
