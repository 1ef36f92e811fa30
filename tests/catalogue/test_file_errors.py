from pathlib import Path

import pytest

from kolofon.catalogue.publisher_file.errors import PublisherFileError
from kolofon.catalogue.publisher_file.reading import read_publisher_file
from tests.catalogue.publisher_files import SMALL


def problems_of(folder: Path, content: str | bytes) -> list[str]:
    file = folder / "publisher.yaml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(PublisherFileError) as raised:
        read_publisher_file(file)
    return [line.removeprefix(f"{file}:") for line in str(raised.value).splitlines()]


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


@pytest.mark.parametrize(
    ("old", "new", "field", "expected"),
    [
        ("currency: NOK", "currency: XYZ", "partner.currency", "ISO 4217"),
        ("timeZone: Europe/Oslo", "timeZone: Europe/Bergen", "partner.timeZone", "time zone such as Europe/Oslo"),
        ("code: liten", "code: Liten!", "partner.code", "small letters, digits and dashes"),
        ("country: NO", "country: Norge", "partner.country", "two capital letters"),
        ("{code: HUS, name: Huset}", "{code: HUS}", "companies[0].name", "it is missing"),
        ("{code: HUS, name: Huset}", "{code: HUS, nmae: H}", "companies[0].nmae", "unknown field"),
        ("{code: DIGI, name: D", "{code: DIGITALUTGAVEN, name: D", "products[0].code", "at most 12 characters, got 14"),
        ("{code: DIGI, name: D", "{code: DI GI, name: D", "products[0].code", "without spaces and slashes"),
        ("{code: PAPIR, name: P", "{code: DIGI, name: P", "products[1].code", "expected once"),
        ("{code: DIGI, name: D", "{code: price, name: D", "products[0].code", "a word in the API's paths"),
        ("code: AVIS", "code: consents", "enterprises[0].code", "a word in the API's paths"),
        ("name: Digital, company: HUS", "name: Digital, company: X", "products[0].company", "code of a company"),
        ("name: Digital, company: HUS", "name: D, company: HUS, type: bok", "products[0].type", "expected one of"),
        ("kind: ip,", "kind: sted,", "accessRules[1].kind", "expected one of"),
        ("cidr: 192.0.2.0/24", "cidr: 192.0.2.7/24", "accessRules[1].cidr", "a network such as"),
        ("cidr: 192.0.2.0/24", "from: 192.0.2.9, to: 192.0.2.1", "accessRules[1].from", "not after its to"),
        ("cidr: 192.0.2.0/24", "from: 192.0.2.9", "accessRules[1].from", "either cidr, or from and to"),
        ("subscribedProduct: PAPIR", "subscribedProduct: DIGI", "accessRules[0].subscribedProduct", "another product"),
        ("clientId: no.liten.web", "clientId: liten", "clients[0].clientId", "a domain written in reverse"),
        ("a-secret-of-a-small-newspaper", "short", "clients[0].secret", "at least 24 characters"),
        ("https://liten.example/callback", "/callback", "clients[0].redirectUris[0]", "an absolute URL"),
        ("https://liten.example/callback", "javascript:x", "clients[0].redirectUris[0]", "another scheme"),
        ("https://liten.example/callback", "https://a.example/#x", "clients[0].redirectUris[0]", "without a fragment"),
        ("client_credentials]", "implicit]", "clients[0].grantTypes[2]", "expected one of"),
        ("Eva@Example.no", "eva", "readers[0].credentials[0].credential", "an e-mail address"),
        ("product: PAPIR, start", "product: X, start", "readers[0].customer.subscriptions[0].product", "a product"),
        ("start: -10d", "start: i går", "readers[0].customer.subscriptions[0].start", "a date (2026-01-31)"),
        ("start: -10d", "start: 2026-02-30", "readers[0].customer.subscriptions[0].start", "that exists"),
        ("purposes: [EM]", "purposes: [XX]", "readers[0].customer.privacy[0].purposes[0]", "a privacy purpose"),
        ("{shield: [TM]}", "{permission: [TM]}", "readers[0].customer.marketing[0].permission", "only shields"),
        ("customerNumber: 7", "customerNumber: 0", "readers[0].customer.customerNumber", "at least 1"),
        ("ti tegn eller mer", "kort", "readers[0].password", "at least 10 characters"),
    ],
)
def test_a_mistake_is_told_with_line_field_and_what_was_expected(
    tmp_path: Path, old: str, new: str, field: str, expected: str
) -> None:
    text = SMALL.replace(old, new)
    assert text != SMALL
    problems = problems_of(tmp_path, text)
    line = line_of(text, new)
    assert problems[0].startswith(f"{line}: {field}: ")
    assert expected in problems[0]


@pytest.mark.parametrize("uri", ["http://liten.example/callback", "http://localhost.liten.example/"])
def test_redirect_uris_are_https_or_an_apps_own(tmp_path: Path, uri: str) -> None:
    given = "https://liten.example/callback"
    assert "expected a URL that starts with https://" in problems_of(tmp_path, SMALL.replace(given, uri))[0]
    file = tmp_path / "publisher.yaml"
    for own in ("http://localhost:3000/callback", "http://127.0.0.1/", "http://[::1]:1/", "no.liten.app:/callback"):
        file.write_text(SMALL.replace(given, own), "utf-8")
        assert read_publisher_file(file).publisher.clients[0].redirect_uris == (own,)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = SMALL.replace("name: Huset", "nmae: Huset").replace("name: Digital", "name: 3").replace("[TM]", "TM")
    problems = problems_of(tmp_path, text)
    lines = [int(problem.split(":", 1)[0]) for problem in problems]
    assert lines == sorted(lines)
    assert len(set(lines)) >= 2


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1: the file is empty"),
        ("partner: [", "1: not valid YAML"),
        ("a: 1\na: 2\n", "2: a: "),
        ("partner: &a {x: *a}\n", "1: not valid YAML: anchors and aliases"),
        (b"partner: \xff\n", "1: expected text in UTF-8"),
        ("- 1\n", "1: expected a mapping"),
        ("[" * 3000, "1: not valid YAML"),
    ],
)
def test_what_is_not_a_publisher_file_at_all_is_told_in_one_line(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    assert problems_of(tmp_path, content)[0].startswith(expected)


def test_values_stay_the_text_that_was_written(tmp_path: Path) -> None:
    file = tmp_path / "publisher.yaml"
    file.write_text(SMALL.replace("code: HUS", "code: 0123").replace("company: HUS", "company: 0123"), "utf-8")
    publisher = read_publisher_file(file).publisher
    assert publisher.partner.country == "NO"
    assert publisher.companies[0].code == "0123"
