"""Settings: read once, checked all together, and wrong ones answered with what to do."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from gateway.config.settings import (
    DEMO_ISSUER,
    Settings,
    SettingsError,
    describe,
    masked,
    read,
    require_issuer,
    unknown,
)


def test_defaults_are_for_one_machine_and_hold_no_secret(tmp_path: Path) -> None:
    settings = read({"GATEWAY_DATA_DIR": str(tmp_path)})
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, False)
    assert settings.database_url == f"sqlite:///{tmp_path}/data.db"
    assert len({settings.database_url, settings.key_store_url, settings.ledger_url}) == 3
    assert settings.root_key_path == tmp_path / "root.key"
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]


def test_the_ledger_goes_to_postgresql_with_the_data() -> None:
    url = "postgresql://gate@db.example/main?sslmode=verify-full"
    assert read({"GATEWAY_DATABASE_URL": url}).ledger_url == url


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("PORT", "http", "whole number from 1 to 65535"),
        ("PORT", "65536", "whole number from 1 to 65535"),
        ("PORT", "٣", "whole number"),
        ("GATEWAY_DEMO", "maybe", "yes or no"),
        ("GATEWAY_LOG", "xml", "text, json"),
        ("GATEWAY_DATABASE_URL", "mysql://x", "postgresql://"),
        ("GATEWAY_ISSUER", "http://data.example.com", "https://"),
        ("GATEWAY_ISSUER", "https://data.example.com/", "closing slash"),
        ("GATEWAY_ISSUER", "data.example.com", "https://"),
        ("GATEWAY_MAX_BODY_BYTES", "-1", "whole number"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(name: str, value: str, advice: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read({name: value})
    assert name in str(caught.value)
    assert advice in str(caught.value)


def test_names_of_hosts_are_kept_as_dns_has_them() -> None:
    """S14: Python itself would look `faß.example` up as `fass.example`."""
    settings = read({
        "GATEWAY_ISSUER": "https://daten.faß.example", "GATEWAY_SMTP_HOST": "post.faß.example",
        "GATEWAY_SMTP_FROM": "nobody@faß.example",
    })  # fmt: skip
    assert settings.issuer == "https://daten.xn--fa-hia.example"
    assert (settings.smtp_host, settings.smtp_from) == ("post.xn--fa-hia.example", "nobody@xn--fa-hia.example")
    for name, value in (("GATEWAY_ISSUER", "https://i❤.ws"), ("GATEWAY_SMTP_HOST", "i❤.ws")):
        with pytest.raises(SettingsError, match="domain name"):
            read({name: value})


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"PORT": "x", "GATEWAY_LOG": "y", "GATEWAY_DEMO": "z"})
    assert str(caught.value).count("\n") == 2


def test_keys_never_rest_with_the_data() -> None:
    url = "postgresql://gate@db.example/main?sslmode=verify-full"
    with pytest.raises(SettingsError, match="database of their own"):
        read({"GATEWAY_DATABASE_URL": url, "GATEWAY_KEY_STORE_URL": url})


def test_to_serve_an_issuer_is_needed_but_in_the_demo_it_is_always_the_demos() -> None:
    """So that a demo token is worth nothing at any other gateway."""
    with pytest.raises(SettingsError, match="GATEWAY_ISSUER"):
        require_issuer(read({}))
    real = read({"GATEWAY_ISSUER": "https://data.example.com"})
    assert require_issuer(real).audience == "https://data.example.com/graphql"
    assert read({"GATEWAY_ISSUER": "https://data.example.com"}, demo=True).issuer == DEMO_ISSUER


def test_a_misspelt_setting_is_pointed_out() -> None:
    (warning,) = unknown({"GATEWAY_MAX_BODY": "1", "GATEWAY_LOG": "json", "HOME": "/"})
    assert warning.startswith("GATEWAY_MAX_BODY ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            "postgresql://gate:s3cret@db.example:5432/main?sslmode=require",
            "postgresql://gate:****@db.example:5432/main",
        ),
        ("postgresql://gate@db.example/main", "postgresql://gate@db.example/main"),
        ("postgresql://:s3cret@/main?password=s3cret", "postgresql://:****@/main"),
        ("postgresql://db.example/main?password=s3cret", "postgresql://db.example/main"),
        ("sqlite:////var/data.db", "sqlite:////var/data.db"),
        (8000, "8000"),
    ],
)
def test_passwords_are_masked(value: object, shown: str) -> None:
    assert masked(value) == shown


def test_a_wrong_database_is_not_repeated_with_its_password() -> None:
    with pytest.raises(SettingsError) as caught:
        read({"GATEWAY_DATABASE_URL": "mysql://gate:s3cret@db.example/main"})
    assert "s3cret" not in str(caught.value)


def test_every_setting_is_described() -> None:
    lines = describe(read({"GATEWAY_DATABASE_URL": "postgresql://gate:s3cret@db.example/main?sslmode=verify-full"}))
    assert len(lines) == len(fields(Settings))
    assert all(line.name and line.meaning and line.default for line in lines)
    assert not any("s3cret" in line.value for line in lines)
