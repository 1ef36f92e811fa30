"""The rules of the house that a machine can check. Imports between packages are checked by import-linter."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler

import kolofon
from kolofon.app import API_HANDLERS

SOURCE = Path(kolofon.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
SQL = re.compile(r"^\s*(select\s|insert into\s|update\s+\w+\s+set\s|delete from\s|with \w+ as\b)", re.IGNORECASE)
CALLS = {"user_reads", "user_writes", "client_reads", "client_writes"}


def name_of(file: Path) -> str:
    return str(file.relative_to(SOURCE))


def strings(file: Path) -> Iterator[tuple[int, str]]:
    tree = ast.parse(file.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def calls(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def api_handlers() -> list[HTTPRouteHandler]:
    return [handler for handler in API_HANDLERS if isinstance(handler, HTTPRouteHandler)]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_sql_stands_in_queries_files_and_the_platform_only(file: Path) -> None:
    if file.name.endswith("queries.py") or file.parent.name == "platform":
        return
    assert [line for line, text in strings(file) if SQL.match(text)] == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_sql_gets_the_time_from_the_clock(file: Path) -> None:
    asks_the_server = re.compile(r"\b(now\(\)|current_timestamp|clock_timestamp\(\))", re.IGNORECASE)
    if file.name.endswith("queries.py"):
        assert [line for line, text in strings(file) if asks_the_server.search(text)] == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_time_comes_from_the_clock_and_chance_from_one_place(file: Path) -> None:
    allowed = {
        # A log line tells the machine's time; a duration is no business time.
        "platform/telemetry.py": {"datetime.now"},
        "platform/clock.py": {"datetime.now", "time.time"},
        # Redis counts its windows by the machine's time.
        "platform/limits.py": {"time.time"},
        "platform/ids.py": {"uuid4", "secrets.token_bytes", "secrets.token_urlsafe", "secrets.randbelow"},
        "platform/sealing.py": {"os.urandom", "secrets.token_urlsafe", "secrets.token_hex"},
    }
    by_the_machine = r"datetime\.now|datetime\.utcnow|time\.time|date\.today"
    by_chance = r"uuid[14]|secrets\.(token_\w+|choice|rand\w+)|random\.\w+|os\.urandom"
    asked = re.compile(f"^({by_the_machine}|{by_chance})$")
    found = {function for _, function in calls(file) if asked.match(function)}
    assert found - allowed.get(name_of(file), set()) == set()


@pytest.mark.parametrize("handler", api_handlers(), ids=lambda handler: handler.operation_id)
def test_an_operation_says_its_mode_by_what_it_takes_and_its_path_agrees(handler: HTTPRouteHandler) -> None:
    taken = CALLS & set(inspect.signature(handler.fn).parameters)
    assert len(taken) == 1
    mode = taken.pop().partition("_")[0]
    assert {path.startswith("/v1/client/") for path in handler.paths} == {mode == "client"}
    assert handler.summary
    assert handler.tags


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_files_and_functions_stay_short_enough_to_be_read(file: Path) -> None:
    text = file.read_text("utf-8")
    assert len(text.splitlines()) <= 350
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or node.lineno) - node.lineno >= 60
    ]
    assert long == []


def test_every_folder_is_a_package_that_says_what_it_is() -> None:
    folders = {file.parent for file in FILES}
    silent = [name_of(folder) for folder in folders if not (folder / "__init__.py").read_text("utf-8").strip()]
    assert silent == []
