"""Puts the worker that empties the outbox together from the settings."""

from __future__ import annotations

from datetime import timedelta

from gateway.config.settings import Settings
from gateway.tokens.tokens import Tokens
from resolvers.commands.dependencies import Post
from store.database.store import Store
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.smtp import Mailer, MailServerSettings
from workers.outbox.worker import Deliverer


def make_http_client(settings: Settings) -> HttpClient:
    """The client that posts to internal systems."""
    return HttpClient(settings.webhook_networks)


def make_post(settings: Settings) -> Post:
    """The function that sends a card: as carefully as webhooks are sent, and with nothing about it in a log."""
    return make_http_client(settings).status


def make_mailer(settings: Settings) -> Mailer | None:
    """The client of the mail server; None where there is none, and in the demo, which only shows its letters."""
    if settings.demo or not settings.smtp_host:
        return None
    terms = MailServerSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=settings.smtp_from,
        name=settings.site_name,
        user=settings.smtp_user,
        password=str(settings.smtp_password),
    )
    return Mailer(terms)


def make_deliverer(store: Store, settings: Settings, tokens: Tokens) -> Deliverer:
    """The worker; `tokens` sign what clients are told of logouts."""
    receivers = Receivers(store, make_http_client(settings), make_mailer(settings), tokens.logout_token)
    return Deliverer(store, receivers, give_up=timedelta(hours=settings.outbox_hours))
