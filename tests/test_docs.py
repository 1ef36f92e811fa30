import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest

from kolofon.app import openapi_document
from kolofon.catalogue.publisher_file.publisher import PublisherFile
from kolofon.catalogue.publisher_file.readers import VerificationLevel
from kolofon.customer_data.customer.rules import checked_contact
from kolofon.customer_data.customer.schemas import CustomerInfoChange
from kolofon.engine.access.queries import SUBJECT
from kolofon.engine.customers.importing.rows import COLUMNS, ImportRow
from kolofon.platform.problems import Problems
from kolofon.settings import _PARSERS, Settings
from tests.demo_server import Demo, running_demo

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DECISION = re.compile(r"docs/decisions/(\d{4})")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
END_OF_BLOCK = "--- end of block ---"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


def test_the_tour_does_what_it_says(demo: Demo) -> None:
    readme = (ROOT / "README.md").read_text()
    further = (DOCS / "tour.md").read_text().partition("README.md:tour")[2]
    steps = tour_steps(readme.partition("[start:tour] -->")[2].partition("<!-- --8<-- [end:tour]")[0])
    assert len(tour_steps(further)) >= 4
    steps += tour_steps(further)
    assert len([expected for _, expected in steps if expected is not None]) >= 7
    script = "".join(f"{commands}\necho '{END_OF_BLOCK}'\n" for commands, _ in steps)
    script = script.replace("http://127.0.0.1:8000", demo.url).replace(
        ".venv/bin/kolofon", f"{sys.executable} -m kolofon"
    )
    result = subprocess.run(
        ["/bin/bash", "-euo", "pipefail"],
        input=script,
        capture_output=True,
        text=True,
        env=demo.environment,
    )
    assert result.returncode == 0, result.stderr
    outputs = result.stdout.split(END_OF_BLOCK)
    for (commands, expected), output in zip(steps, outputs, strict=False):
        pattern = as_pattern(expected or "")
        assert re.fullmatch(pattern, without_space(output), re.DOTALL), f"{commands}\nprinted\n{output}"


def test_the_orders_in_the_documents_are_taken(demo: Demo) -> None:
    text = (DOCS / "orders.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith('{"productSpecType"')]
    orders = [
        json.loads(block)
        for language, block in BLOCK.findall(text)
        if language == "json" and "payer" in block and "orderLines" in block and "exceptionType" not in block
    ]
    payer = orders[0]["payer"]
    orders += [{"paymentMethod": "invoice", "payer": payer, "orderLines": [json.loads(line)]} for line in lines]
    [xml] = [block for language, block in BLOCK.findall(text) if language == "xml"]
    assert len(orders) >= 6
    with httpx.Client(base_url=demo.url) as http:
        secret = ("no.fjordposten.web", "demo-secret-of-fjordposten-web")
        answer = http.post("/user/oauth/token", data={"grant_type": "client_credentials"}, auth=secret)
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        for order in orders:
            answer = http.post("/capi/v1/client/order", json=order)
            assert answer.status_code == 200, f"{order}\n{answer.text}"
        answer = http.post("/capi/v1/client/order", content=xml, headers={"Content-Type": "application/xml"})
        assert answer.status_code == 200, answer.text


def test_the_customer_data_in_the_documents_is_taken(demo: Demo) -> None:
    text = (DOCS / "customers.md").read_text()
    bodies = [json.loads(block) for language, block in BLOCK.findall(text) if language == "json"]
    with httpx.Client(base_url=f"{demo.url}/capi/v1/client") as http:
        secret = ("no.fjordposten.web", "demo-secret-of-fjordposten-web")
        answer = http.post(f"{demo.url}/user/oauth/token", data={"grant_type": "client_credentials"}, auth=secret)
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        for marks, path, expected in (
            ({"customerNumber", "lastName"}, "/customer/check", {"valid": True}),
            ({"credential"}, "/credential", {"exists": True}),
            ({"referenceCode", "externalId"}, "/customer/100001/external-reference", {"success": True}),
            ({"newsletter", "seenTour"}, "/metadata/100001", {"seenTour": True}),
            ({"product", "messageSubject", "messageContent"}, "/message", {}),
        ):
            body = next(body for body in bodies if body.keys() == marks)
            answer = http.post(path, json=body)
            assert answer.status_code == 200, answer.text
            assert expected.items() <= answer.json().items()
        searches = [body for body in bodies if body.keys() in ({"text"}, {"firstName", "lastName", "postalPlace"})]
        assert len(searches) == 2
        for body in searches:
            [found] = http.post("/customer/search", json=body).json()["customers"]
            assert found["customerNumber"] == 100001
    change = next(body for body in bodies if "invoiceEmailAddress" in body)
    problems = Problems()
    checked_contact(msgspec.convert(change, CustomerInfoChange), "NO", problems)
    problems.refuse()


def test_the_files_in_the_document_on_importing_are_imported(demo: Demo, tmp_path: Path) -> None:
    text = (DOCS / "importing.md").read_text()
    [table] = [block for language, block in BLOCK.findall(text) if language == "csv"]
    [lines] = [block for language, block in BLOCK.findall(text) if language == "json"]
    for name, content in (("customers.csv", table), ("customers.jsonl", lines)):
        file = tmp_path / name
        file.write_text(content)
        command = ("import", "customers", str(file), "--partner", "fjordposten")
        for options in (("--dry-run", "--report", str(tmp_path / "refused.csv")), ()):
            output = without_space(demo.command(*command, *options))
            assert "rows2" in output
            assert "customersmade2" in output
            assert "refused0" in output
    totals = text.partition("counted in the database:")[2].split("```")[1].strip()
    shown = [line.split("  ")[0] for line in totals.splitlines()]
    for line in shown:
        assert without_space(line) in output


def test_every_column_and_member_of_an_import_is_documented() -> None:
    text = (DOCS / "importing.md").read_text()
    words = set(re.findall(r"`(\w+)`", text))
    assert set(COLUMNS) - words == set()
    assert {field.encode_name for field in msgspec.structs.fields(ImportRow)} - words == set()


def tour_steps(tour: str) -> list[tuple[str, str | None]]:
    """The shell blocks, each with the block that shows its output, if there is one."""
    steps: list[tuple[str, str | None]] = []
    for language, content in BLOCK.findall(tour):
        if language == "sh":
            steps.append((content, None))
        elif language != "console":  # which is typed elsewhere
            steps[-1] = (steps[-1][0], content)
    return steps


def as_pattern(shown: str) -> str:
    """What an output has to match: the text that is shown, in which … stands for anything."""
    return ".*".join(re.escape(part) for part in without_space(shown).split("…"))


def without_space(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    rows = re.findall(r"^\| `KOLOFON_(\w+)` \| (.*?) \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)
    assert [name.lower() for name, _ in rows] == list(_PARSERS)
    for name, default in rows:
        assert default.startswith(as_written(getattr(Settings(), name.lower()))), name


def as_written(default: object) -> str:
    if default is None:
        return "none"
    return f"`{','.join(default)}`" if isinstance(default, tuple) else f"`{default}`"


def test_every_member_of_a_publisher_file_is_documented() -> None:
    words = set(re.findall(r"`(\w+)`", (DOCS / "publisher-file.md").read_text()))
    members = file_members(msgspec.inspect.type_info(PublisherFile))
    assert len(members) > 50
    assert members - words == set()


def file_members(shape: msgspec.inspect.Type) -> set[str]:
    """All names and fixed values that the shape has, at any depth."""
    inspect: Any = msgspec.inspect
    if isinstance(shape, inspect.StructType):
        tag = {str(shape.tag)} if shape.tag_field else set()
        return tag.union(*({field.encode_name} | file_members(field.type) for field in shape.fields))
    if isinstance(shape, inspect.VarTupleType):
        return file_members(shape.item_type)
    if isinstance(shape, inspect.UnionType):
        return set[str]().union(*(file_members(each) for each in shape.types))
    if isinstance(shape, inspect.LiteralType) and set(shape.values) != set(get_args(VerificationLevel)):
        return {str(value) for value in shape.values}
    return set()


def test_the_concepts_tell_which_levels_of_verification_count() -> None:
    rows = re.findall(r"^\| `(\w+)`[^|]*\| (yes|no) \|$", (DOCS / "concepts.md").read_text(), re.MULTILINE)
    assert {level for level, _ in rows} == set(get_args(VerificationLevel))
    assert all((f"'{level}'" in SUBJECT) is (counts == "yes") for level, counts in rows)


def test_every_operation_is_in_the_list_of_what_is_served() -> None:
    listed = set(re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/v1/\S+?)`", (DOCS / "api.md").read_text()))
    served = {
        (method.upper(), path.removeprefix("/capi"))
        for path, item in openapi_document()["paths"].items()
        for method in item
    }
    assert listed == served


def test_the_decisions_that_the_code_names_exist() -> None:
    named = {
        number
        for folder in ("src", "benchmarks", "tests")
        for file in (ROOT / folder).rglob("*.py")
        for number in DECISION.findall(file.read_text())
    }
    assert {"0003", "0006", "0007", "0008"} <= named
    written = {file.name[:4] for file in (DOCS / "decisions").glob("[0-9]*.md")}
    assert named <= written
    assert written == {f"{number:04}" for number in range(1, len(written) + 1)}


def test_no_document_fetches_from_elsewhere() -> None:
    sources = [ROOT / "README.md", ROOT / "mkdocs.yml", *DOCS.rglob("*.md"), *DOCS.rglob("*.svg"), *DOCS.rglob("*.css")]
    for file in sources:
        text = file.read_text()
        assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?https?://""", text), file
        assert not re.search(r"!\[[^]]*\]\(https?://", text), file


def test_the_tests_that_the_check_lists_name_exist() -> None:
    named = {
        (file.name, name)
        for file in (DOCS / "checklists").glob("*.md")
        for name in re.findall(r"`(test_\w+)`", file.read_text())
    }
    assert {file for file, _ in named} == {"rfc9700.md", "asvs-v10.md", "openid.md"}
    sources = "".join(
        file.read_text() for file in (ROOT / "tests").rglob("test_*.py") if "node_modules" not in str(file)
    )
    defined = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    assert {(file, name) for file, name in named if name not in defined} == set()
