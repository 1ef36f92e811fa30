"""The file of the providers is read as strictly as a publisher file: errors name file, line and field."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.commands.administration import check
from kolofon.identity.external_sign_in.providers import Providers, is_safe_url, read_providers
from kolofon.settings import Settings, read_settings
from tests.browser_session import Server
from tests.identity.external_sign_in.provider import ISSUER_PATH, Provider

GOOD = "{code: google, name: Google, issuer: 'https://accounts.google.com', clientId: x, clientSecret: s%s}"


def read(folder: Path, *entries: str) -> Providers:
    path = folder / "providers.yaml"
    path.write_text("providers:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return read_providers(path)


def problems(folder: Path, *entries: str) -> list[str]:
    with pytest.raises(PublisherFileError) as refused:
        read(folder, *entries)
    return [line.removeprefix(f"{folder}/providers.yaml:") for line in str(refused.value).splitlines()]


def test_without_a_file_there_are_none() -> None:
    assert list(read_providers(None)) == []
    assert read_settings({"KOLOFON_SIGN_IN_PROVIDERS": "/etc/p.yaml"}).sign_in_providers == Path("/etc/p.yaml")


def test_what_is_left_out_is_careful(tmp_path: Path) -> None:
    [provider] = read(tmp_path, GOOD % "")
    assert provider.scopes == ("openid", "profile", "email")
    assert (provider.trusts_email, provider.trusts_phone, provider.phones_are_verified) == (False, False, False)
    assert provider.source is None
    assert provider.is_for("any")


def test_the_examples_of_the_documentation_can_be_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "sign-in-providers.md").read_text()
    examples = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
    assert len(examples) == 4
    for name in ("vipps.secret", "google.secret", "bankid.secret"):
        (tmp_path / name).write_text("secret")
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "AuthKey_ABC123DEFG.p8").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for example in examples:
        (tmp_path / "providers.yaml").write_text(example)
        assert len(list(read_providers(tmp_path / "providers.yaml"))) == 1
    members = {name for example in examples for name in example.replace("- ", "").split() if name.endswith(":")}
    assert {"code:", "issuer:", "trustsEmail:", "appleKeyFile:", "acrValues:"} <= members


ONE_PROBLEM = {
    ", issuer2: x": "2: providers[0].issuer2: unknown field; expected one of code, name, issuer, clientId, ",
    ", source: LinkedIn": "2: providers[0].source: expected one of ",
    ", scopes: [profile]": "2: providers[0].scopes: expected openid among the scopes",
    ", scopes: []": "2: providers[0].scopes: expected at least 1 ",
    ", trustsEmail: perhaps": "2: providers[0].trustsEmail: expected true or false",
    ", trustedEmailDomains: [gmail.com]": "2: providers[0].trustedEmailDomains: expected trustsEmail: true beside it",
    ", phonesAreVerified: true": "2: providers[0].phonesAreVerified: expected trustsPhone: true beside it",
    ", clientSecretFile: f": "2: providers[0].clientSecret: expected one of clientSecret, clientSecretFile, or ",
    ", appleTeamId: T": "2: providers[0].appleKeyId: expected, since appleTeamId is there",
    ", responseMode: fragment": "2: providers[0].responseMode: expected one of form_post, query",
    ", partners: []": "2: providers[0].partners: expected at least 1 ",
}


@pytest.mark.parametrize("more", ONE_PROBLEM)
def test_what_is_wrong_is_said_with_line_and_field(tmp_path: Path, more: str) -> None:
    (tmp_path / "f").write_text("secret")
    found = problems(tmp_path, GOOD % more)
    assert any(line.startswith(ONE_PROBLEM[more]) for line in found), found


@pytest.mark.parametrize(
    "issuer", ["http://a.example", "https://", "a.example", "https://a.example?x=1", "https://u:p@a.no"]
)
def test_an_issuer_is_https(tmp_path: Path, issuer: str) -> None:
    [problem] = problems(tmp_path, (GOOD % "").replace("https://accounts.google.com", issuer))
    assert problem.startswith("2: providers[0].issuer: expected a URL that starts with https://")


@pytest.mark.parametrize("code", ["Google", "a/b", "", "-a", "a" * 31, "../x"])
def test_a_code_can_stand_in_a_url(tmp_path: Path, code: str) -> None:
    [problem] = problems(tmp_path, (GOOD % "").replace("google,", f"'{code}',"))
    assert problem.startswith("2: providers[0].code: expected at most 30 small letters, digits and dashes")


def test_every_entry_is_checked_and_codes_are_there_once(tmp_path: Path) -> None:
    assert problems(tmp_path, GOOD % "", GOOD % "", GOOD % ", scopes: [x]") == [
        "3: providers[1].code: expected once, but 'google' is there in line 2 already",
        "4: providers[2].code: expected once, but 'google' is there in line 2 already",
        "4: providers[2].scopes: expected openid among the scopes",
    ]


def test_files_with_secrets_are_read_beside_the_file(tmp_path: Path) -> None:
    by_file = (GOOD % "").replace("clientSecret: s", "clientSecretFile: f")
    assert problems(tmp_path, by_file) == [
        "2: providers[0].clientSecretFile: cannot be read: No such file or directory"
    ]
    (tmp_path / "f").write_text("\n")
    assert "expected a file with a secret" in problems(tmp_path, by_file)[0]
    (tmp_path / "f").write_text("a secret\n")
    [provider] = read(tmp_path, by_file)
    assert provider.secret == "a secret"


def test_an_apple_key_is_a_private_p256_key(tmp_path: Path) -> None:
    apple = (GOOD % "").replace("clientSecret: s", "appleTeamId: T, appleKeyId: K, appleKeyFile: k")
    wrong: list[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
    ]
    texts = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() for key in wrong]
    for text in (*texts, "no key"):
        (tmp_path / "k").write_text(text)
        assert problems(tmp_path, apple) == [
            "2: providers[0].appleKeyFile: expected the private key (P-256, .p8) that Apple gave"
        ]


@pytest.mark.parametrize(
    ("url", "is_safe"),
    [
        ("https://a.example/x?y=1", True),
        ("http://127.0.0.1:8000/", True),
        ("http://[::1]/", True),
        ("http://localhost", True),
        ("http://a.example/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("https://a.example/#x", False),
        ("https://a@b.example/", False),
        ("https://a.example:x/", False),
        ("https:///x", False),
        ("//a.example", False),
        ("javascript:alert(1)", False),
        ("https://a\\b.example", False),
        ("https://\u00e6.example", False),
    ],
)
def test_secrets_go_to_https_only(url: str, is_safe: bool) -> None:
    assert is_safe_url(url) == is_safe


async def test_checking_looks_at_each_provider(
    server: Server, database_url: str, provider: Provider, other: Provider, provider_file: Path
) -> None:
    settings = Settings(secret_key="a test installation's secret key!", sign_in_providers=provider_file)
    found = dict(await check(settings, database_url))
    assert (found["sign-in provider vipps"], found["sign-in provider other"]) == (None, None)
    provider.instead_of(f"{ISSUER_PATH}/.well-known/openid-configuration", 500)
    other.published = []
    found = dict(await check(settings, database_url))
    assert str(found["sign-in provider vipps"]).endswith("answers 500")
    assert found["sign-in provider other"] == "it publishes no key that is known here"
