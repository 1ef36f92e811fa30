"""Requests that we are made to send: a provider leads us to no other service of this machine."""

import pytest

from kolofon.identity.external_sign_in.discovery import may_name


@pytest.mark.parametrize(
    ("issuer", "endpoint", "may"),
    [
        ("https://login.example", "https://login.example/token", True),
        ("https://login.example", "https://api.login.example/token", True),
        ("https://login.example", "http://127.0.0.1:5432/", False),
        ("https://login.example", "http://localhost/admin", False),
        ("https://login.example", "http://[::1]/", False),
        ("https://login.example", "HTTP://localhost/", False),
        ("https://login.example", "http://login.example/token", False),
        ("https://login.example", "file:///etc/passwd", False),
        ("https://login.example", "https://user@login.example/", False),
        ("http://localhost:9000", "http://localhost:9000/token", True),
        ("http://localhost:9000", "http://login.example/token", False),
    ],
)
def test_a_provider_names_places_of_its_own_kind_only(issuer: str, endpoint: str, may: bool) -> None:
    assert may_name(issuer, endpoint) is may
