import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.demo_server import Demo, running, running_demo
from tests.processes import free_port

SITE = Path(__file__).parent.parent / "examples" / "publisher_site.py"
PASSWORD = "fjordposten-demo"
TEXT_OF_PLUS = "pusset opp på dugnad"
TEXT_OF_MAGAZINE = "Den tredje dagen snur været"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


@pytest.fixture(scope="module")
def site(demo: Demo) -> Iterator[str]:
    with running_site(demo) as url:
        yield url


@contextmanager
def running_site(demo: Demo, **settings: str) -> Iterator[str]:
    """The example site without any package, as a client whose redirect URI has the free port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client_id = f"no.fjordposten.test{port}"
    added = demo.command(
        *("client", "add", client_id, "--partner", "fjordposten", "--name", "Test"),
        *("--redirect-uri", f"{url}/callback"),
    )
    environment = demo.environment | {
        "SITE_URL": url,
        "LOGIN_SERVER": f"{demo.url}/user",
        "API_SERVER": f"{demo.url}/capi",
        "CLIENT_ID": client_id,
        "CLIENT_SECRET": added.split()[-1],
    }
    with running([sys.executable, "-S", str(SITE)], environment | settings, url):
        yield url


@contextmanager
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True, timeout=30) as client:
        yield client


def sign_in(client: httpx.Client, url: str, credential: str, password: str = PASSWORD) -> httpx.Response:
    page = client.get(url)
    form = {"j_username": credential, "j_password": password, "form_token": form_token(page)}
    return client.post(str(page.url), data=form)


def form_token(page: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return found.group(1)


def permitted(page: httpx.Response) -> list[str]:
    return re.findall(r'value="(\w+)" checked', page.text)


def test_a_visitor_reads_what_is_open_and_meets_the_paywall_elsewhere(site: str) -> None:
    with browser() as client:
        assert "Dagens saker" in client.get(site).text
        assert "Første avgang" in client.get(f"{site}/artikkel/1001").text
        wall = client.get(f"{site}/artikkel/pluss-1047")
        assert TEXT_OF_PLUS not in wall.text
        assert "Logg inn for å lese videre" in wall.text
        assert "no rule gives access from this address" in wall.text
        assert not client.cookies


def test_kari_signs_in_and_reads_what_she_subscribes_to(site: str) -> None:
    with browser() as client:
        article = sign_in(client, f"{site}/logg-inn?artikkel=pluss-1047", "kari.nordmann@example.no")
        assert str(article.url) == f"{site}/artikkel/pluss-1047"
        assert TEXT_OF_PLUS in article.text
        assert "the subscription to FP-PAPIR grants it" in article.text
        assert "pluss-artikler" in article.text
        assert "Kari Nordmann" in article.text
        magazine = client.get(f"{site}/artikkel/ff-2231")
        assert TEXT_OF_MAGAZINE not in magazine.text
        assert "Abonnementet ditt gir ikke tilgang" in magazine.text


@pytest.mark.parametrize(
    ("credential", "reads"),
    [
        ("noor.ahmed@fjordbyen-vgs.example", True),
        ("jonas.haug@fjordbyen-vgs.example", False),
        ("erik.solberg@example.no", True),
        ("per.dahl@example.no", False),
    ],
)
def test_each_way_in_counts_on_the_site(site: str, credential: str, reads: bool) -> None:
    with browser() as client:
        article = sign_in(client, f"{site}/logg-inn?artikkel=pluss-1047", credential)
        assert (TEXT_OF_PLUS in article.text) is reads


def test_anne_buys_the_digital_edition_and_reads_at_once(site: str) -> None:
    with browser() as client:
        wall = sign_in(client, f"{site}/logg-inn?artikkel=pluss-1047", "anne.lie@example.no")
        assert TEXT_OF_PLUS not in wall.text
        assert "første måned for 1 krone. Deretter 299 kroner i måneden" in wall.text
        form = {"form_token": form_token(wall), "artikkel": "pluss-1047", "postnummer": ""}
        refused = client.post(f"{site}/kjop", data=form)
        assert refused.status_code == 400
        assert "payer.postalCode" in refused.text
        article = client.post(f"{site}/kjop", data=form | {"postnummer": "6783"})
        assert str(article.url) == f"{site}/artikkel/pluss-1047"
        assert TEXT_OF_PLUS in article.text
        assert client.post(f"{site}/kjop", data=form | {"form_token": "of another site"}).status_code == 403


def test_what_kari_permits_is_kept(site: str) -> None:
    with browser() as client:
        sign_in(client, f"{site}/logg-inn", "kari.nordmann@example.no")
        before = client.get(f"{site}/personvern")
        assert permitted(before) == ["EM", "PROFIL"]
        form = {"form_token": form_token(before), "purpose": ["DM", "PROFIL"]}
        assert "Valgene dine er lagret" in client.post(f"{site}/personvern", data=form).text
    with browser() as client:
        sign_in(client, f"{site}/logg-inn", "kari.nordmann@example.no")
        assert permitted(client.get(f"{site}/personvern")) == ["DM", "PROFIL"]


def test_a_form_from_elsewhere_changes_nothing(site: str) -> None:
    with browser() as client:
        sign_in(client, f"{site}/logg-inn", "gunnar.vik@example.no")
        forged = client.post(f"{site}/personvern", data={"form_token": "guessed", "purpose": ["TM"]})
        assert forged.status_code == 403
        assert permitted(client.get(f"{site}/personvern")) == []


def test_signing_out_ends_the_session_on_the_site(site: str) -> None:
    with browser() as client:
        page = sign_in(client, f"{site}/logg-inn", "kari.nordmann@example.no")
        session = client.cookies["fjordposten"]
        client.post(f"{site}/logg-ut", data={"form_token": form_token(page)})
        assert "fjordposten" not in client.cookies
        old = client.get(site, headers={"Cookie": f"fjordposten={session}"})
        assert "Kari" not in old.text


def test_an_answer_that_was_not_asked_for_signs_nobody_in(demo: Demo, site: str) -> None:
    with browser() as client:
        client.get(f"{site}/logg-inn")
        query = {"code": "stolen", "state": "another", "iss": f"{demo.url}/user"}
        answer = client.get(f"{site}/callback", params=query)
        assert answer.status_code == 400
        assert "Vi fikk ikke logget deg inn" in answer.text


def test_the_right_state_from_another_server_signs_nobody_in(site: str) -> None:
    with browser() as client:
        sent = client.get(f"{site}/logg-inn", follow_redirects=False)
        state = httpx.URL(sent.headers["location"]).params["state"]
        answer = client.get(f"{site}/callback", params={"code": "c", "state": state, "iss": "https://other.example"})
        assert answer.status_code == 400


def test_a_name_is_shown_as_text(demo: Demo, site: str) -> None:
    demo.command("user", "add", "bobby@example.no", "--password", "a long password", "--first-name", "<b>Bobby</b>")
    with browser() as client:
        page = sign_in(client, f"{site}/logg-inn", "bobby@example.no", "a long password")
        assert "&lt;b&gt;Bobby&lt;/b&gt;" in page.text
        assert "<b>" not in page.text
        assert "ikke knyttet til et kundeforhold" in client.get(f"{site}/personvern").text


def test_the_library_reads_without_signing_in(demo: Demo) -> None:
    with running_site(demo, VISITOR_IP="192.0.2.7") as site, browser() as client:
        article = client.get(f"{site}/artikkel/pluss-1047")
        assert TEXT_OF_PLUS in article.text
        assert "biblioteket" in article.text
        assert TEXT_OF_MAGAZINE not in client.get(f"{site}/artikkel/ff-2231").text


def test_a_token_that_ends_is_refreshed(demo: Demo) -> None:
    with running_site(demo, SECONDS_EARLY="1000000") as site, browser() as client:
        sign_in(client, f"{site}/logg-inn", "kari.nordmann@example.no")
        before = token_requests(demo)
        for _ in range(3):
            assert "Kari Nordmann" in client.get(f"{site}/personvern").text
        assert token_requests(demo) == before + 3


def token_requests(demo: Demo) -> float:
    metrics = httpx.get(f"{demo.url}/metrics").text
    found = re.search(
        r'kolofon_requests_total\{method="POST",route="/user/oauth/token",status="200"\} ([\d.]+)', metrics
    )
    assert found is not None
    return float(found.group(1))
