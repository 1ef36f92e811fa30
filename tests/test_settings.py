"""The settings: each as it is read, each as it is refused."""

from pathlib import Path

import msgspec
import pytest

from kolofon.runtime import StartError, listen
from kolofon.settings import Settings, SettingsError, read_settings

SECRET = "s" * 32
ADDRESS = "expected an address as in no-reply@example.no or Example <no-reply@example.no>"
SMTP_PARTS = "expected scheme, user, password, host and port alone; in a password, write / ? # as %2F %3F %23"
# What a setting is of no use without.
COMPANIONS = {"SMTP_URL": {"KOLOFON_MAIL_FROM": "no-reply@example.no"}}
GOOD: list[tuple[str, str, object]] = [
    ("MODE", "development", "development"),
    ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104
    ("PORT", "65535", 65535),
    ("PORT", " 1 ", 1),
    ("PUBLIC_URL", "https://login.example.no/", "https://login.example.no"),
    ("TRUSTED_PROXIES", "10.0.0.0/8, ::1", ("10.0.0.0/8", "::1")),
    ("TRUSTED_PROXIES", "", ()),
    ("DATA", "/var/lib/kolofon", Path("/var/lib/kolofon")),
    ("DATABASE_URL", "postgresql://u:p@db:5432/kolofon", "postgresql://u:p@db:5432/kolofon"),
    ("DATABASE_URL", "postgres:///kolofon?host=/run/postgresql", "postgres:///kolofon?host=/run/postgresql"),
    ("DATABASE_CONNECTIONS", "200", 200),
    ("REDIS_URL", "redis://cache:6379/1", "redis://cache:6379/1"),
    ("REDIS_URL", "rediss://cache", "rediss://cache"),
    ("REDIS_URL", "valkey://cache/0", "redis://cache/0"),
    ("SMTP_URL", "smtps://user:p@mail:465", "smtps://user:p@mail:465"),
    ("SMTP_URL", "smtp://mail", "smtp://mail"),
    ("MAIL_FROM", "Example <no-reply@example.no>", "Example <no-reply@example.no>"),
    ("MAIL_FROM", "no-reply@example.no", "no-reply@example.no"),
    ("SECRET_KEY", SECRET, SECRET),
    ("LOG_LEVEL", "warning", "warning"),
    ("LOG_FORMAT", "console", "console"),
    ("PASSWORD_HASHES_AT_ONCE", "32", 32),
    ("SIGN_IN_PROVIDERS", "/etc/kolofon/providers.yaml", Path("/etc/kolofon/providers.yaml")),
]
WRONG = [
    ("MODE", "test", "expected one of development, production, got 'test'"),
    ("HOST", "", "is empty"),
    ("PORT", "eighty", "expected a whole number, got 'eighty'"),
    ("PORT", "0", "expected 1 to 65535, got 0"),
    ("PORT", "65536", "expected 1 to 65535, got 65536"),
    ("PUBLIC_URL", "login.example.no", "expected a URL that starts with http:// or https://"),
    ("PUBLIC_URL", "https://", "the URL has no host"),
    ("PUBLIC_URL", "https://a.no/?x=1", "expected a base URL of scheme, host and port alone"),
    ("PUBLIC_URL", "https://a.no/id", "expected a base URL of scheme, host and port alone"),
    ("PUBLIC_URL", "https://a.no/#x", "expected a base URL of scheme, host and port alone"),
    ("PUBLIC_URL", "https://a.no:123456", "the URL's port is not a number from 0 to 65535"),
    ("PUBLIC_URL", "http://[::1", "Invalid IPv6 URL"),
    ("TRUSTED_PROXIES", "proxy", "expected addresses or networks with commas between them, got 'proxy'"),
    ("DATA", " ", "is empty"),
    ("DATABASE_URL", "mysql://db/kolofon", "expected a URL that starts with postgresql:// or postgres://"),
    ("DATABASE_URL", "db:5432", "expected a URL that starts with postgresql:// or postgres://"),
    ("DATABASE_CONNECTIONS", "1", "expected 2 to 200, got 1"),
    ("DATABASE_CONNECTIONS", "many", "expected a whole number, got 'many'"),
    ("REDIS_URL", "http://cache", "expected a URL that starts with redis:// or rediss:// or valkey://"),
    ("REDIS_URL", "redis:///0", "the URL has no host"),
    ("SMTP_URL", "mail:25", "expected a URL that starts with smtp:// or smtps://"),
    ("SMTP_URL", "smtp://user@mail", "expected a user and a password, or neither"),
    ("SMTP_URL", "smtp://mail/x", SMTP_PARTS),
    ("MAIL_FROM", "example.no", ADDRESS),
    ("MAIL_FROM", "", ADDRESS),
    ("MAIL_FROM", "A <no-reply@example.no>\nBcc: b@example.no", ADDRESS),
    ("MAIL_FROM", "a@example.no, b@example.no", ADDRESS),
    ("MAIL_FROM", "nei@blåbær.no", ADDRESS),
    ("SECRET_KEY", "short", "expected at least 32 characters, got 5"),
    ("LOG_LEVEL", "loud", "expected one of debug, info, warning, error, got 'loud'"),
    ("LOG_FORMAT", "xml", "expected one of json, console, got 'xml'"),
    ("PASSWORD_HASHES_AT_ONCE", "0", "expected 1 to 32, got 0"),
    ("SIGN_IN_PROVIDERS", "", "is empty"),
]


@pytest.mark.parametrize(("name", "text", "expected"), GOOD)
def test_a_setting_is_read_from_its_variable(name: str, text: str, expected: object) -> None:
    assert getattr(read_settings(COMPANIONS.get(name, {}) | {f"KOLOFON_{name}": text}), name.lower()) == expected


@pytest.mark.parametrize(("name", "text", "reason"), WRONG)
def test_a_wrong_value_is_refused_with_its_name_and_the_reason(name: str, text: str, reason: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({f"KOLOFON_{name}": text})
    assert str(error.value) == f"KOLOFON_{name}: {reason}"


def test_every_setting_is_among_those_tried_here() -> None:
    names = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert {name for name, _, _ in GOOD} == names
    assert {name for name, _, _ in WRONG} == names


def test_the_reason_does_not_repeat_a_secret() -> None:
    for name, text in (
        ("SECRET_KEY", "too-short-secret"),
        ("DATABASE_URL", "postgres//u:password@db"),
        ("SMTP_URL", "smtp//u:password@m"),
    ):
        with pytest.raises(SettingsError) as error:
            read_settings({f"KOLOFON_{name}": text})
        assert text not in str(error.value)
        assert "password@" not in str(error.value)


def test_mail_needs_a_sender() -> None:
    with pytest.raises(SettingsError, match=r"^KOLOFON_MAIL_FROM: needed when KOLOFON_SMTP_URL is set"):
        read_settings({"KOLOFON_SMTP_URL": "smtp://localhost"})


def test_an_unknown_setting_is_refused_and_other_variables_are_nobodys_business() -> None:
    with pytest.raises(SettingsError, match="KOLOFON_PROT is not a setting"):
        read_settings({"KOLOFON_PROT": "8000"})
    assert read_settings({"PORT": "1", "HOME": "/", "KOLOFONX": "1"}) == Settings()


def test_without_any_variable_everything_has_a_value() -> None:
    settings = read_settings({})
    assert settings == Settings()
    assert (settings.public_url, settings.database_url) == ("http://127.0.0.1:8000", None)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KOLOFON_PORT": "9000"}, "http://127.0.0.1:9000"),
        ({"KOLOFON_HOST": "0.0.0.0"}, "http://127.0.0.1:8000"),  # noqa: S104
        ({"KOLOFON_HOST": "::1", "KOLOFON_PORT": "9000"}, "http://[::1]:9000"),
        ({"KOLOFON_HOST": "::"}, "http://127.0.0.1:8000"),
        ({"KOLOFON_HOST": "news.local"}, "http://news.local:8000"),
        ({"KOLOFON_HOST": "news.local", "KOLOFON_PUBLIC_URL": "https://a.no"}, "https://a.no"),
    ],
)
def test_the_public_url_follows_host_and_port_unless_it_is_set(environment: dict[str, str], expected: str) -> None:
    assert read_settings(environment).public_url == expected


def test_issuer_and_audience_are_below_the_public_url() -> None:
    settings = read_settings({"KOLOFON_PUBLIC_URL": "https://a.no"})
    assert (settings.issuer, settings.api_audience) == ("https://a.no/user", "https://a.no/capi")


PRODUCTION = {
    "KOLOFON_MODE": "production",
    "KOLOFON_PUBLIC_URL": "https://login.example.no",
    "KOLOFON_SECRET_KEY": SECRET,
}


def test_production_needs_https_and_a_secret_of_its_own() -> None:
    assert read_settings(PRODUCTION).mode == "production"
    for missing in ("KOLOFON_PUBLIC_URL", "KOLOFON_SECRET_KEY"):
        with pytest.raises(SettingsError, match=f"^{missing}: production mode needs"):
            read_settings({name: text for name, text in PRODUCTION.items() if name != missing})
    with pytest.raises(SettingsError, match=r"^KOLOFON_PUBLIC_URL: production mode needs an https"):
        read_settings(PRODUCTION | {"KOLOFON_PUBLIC_URL": "http://login.example.no"})


@pytest.mark.parametrize("host", ["192.0.2.1", "x" * 70, "a..b"])
def test_a_host_that_is_not_this_machine_is_refused_by_its_name(host: str) -> None:
    with pytest.raises(StartError, match=r"^KOLOFON_HOST: cannot listen on"):
        listen(Settings(host=host))


def test_a_busy_port_is_refused_by_its_name() -> None:
    with listen(Settings(port=0)) as busy:
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(StartError, match=f"^KOLOFON_PORT: cannot listen on 127.0.0.1 port {port}: "):
            listen(Settings(port=port))
