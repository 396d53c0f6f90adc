"""The dependencies of commands and of sign-in, made from the settings."""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from gateway.config.settings import Settings
from gateway.run.deliveries import make_post
from policy.categories import Category
from resolvers.commands.dependencies import SignInDependencies, Site, Times
from resolvers.commands.places import Places
from resolvers.passwords.hashing import Hasher
from resolvers.passwords.lists import ReplaceableList, shipped
from resolvers.passwords.rules import Rules
from schema.api.build import declared_rules

log = logging.getLogger("gateway")


def make_means(settings: Settings) -> SignInDependencies:
    """The dependencies of sign-in and of commands."""
    times = Times(
        session=timedelta(seconds=settings.session_seconds),
        idle=timedelta(seconds=settings.session_idle_seconds),
    )
    places = Places(settings.geo_database)
    if why := places.why_not():
        log.warning("%s", why)
    site, post = make_site(settings), make_post(settings)
    return SignInDependencies(
        site,
        Hasher(),
        places,
        times,
        post=post,
        passwords=_make_rules(settings),
        staff_names=settings.staff_names,
        test_cards=settings.demo,
    )


def _make_rules(settings: Settings) -> Rules:
    """The rules for new passwords; PasswordListError when the operator's list cannot be read."""
    own = (ReplaceableList(settings.password_list),) if settings.password_list else ()
    return Rules(settings.password_minimum, settings.password_classes, (shipped(), *own))


def make_site(settings: Settings) -> Site:
    """The site as customers know it: its name, address and time zone."""
    return Site(
        settings.site_name, _origin(settings.public_url), settings.time_zone, category=_category, path=settings.path
    )


def _category(coordinate: str) -> Category | None:
    rule = declared_rules().get(coordinate)
    return None if rule is None else rule.category


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
