"""How PostgreSQL would go about the statements of the program, for tests that look whether it goes by indexes."""

import inspect
import json
import re
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from kolofon.platform.database import Connection

_VERBS = "select|insert|update|delete|with"
_IN_FUNCTIONS = re.compile(rf'"""\n(\s+(?:{_VERBS})\b.*?)"""|"((?:{_VERBS})\b[^"]*)"', re.DOTALL)
_WHOLE = re.compile(rf"\s*(?:{_VERBS})\b")
# Its query can be planned, the command that keeps the result cannot.
_KEPT = re.compile(r'"""\n\s+create temporary table \w+ on commit drop as\n(.*?)"""', re.DOTALL)

Statements = dict[str, str]
Plan = dict[str, Any]


def statements(modules: Iterable[ModuleType]) -> Statements:
    """Every statement of modules, by the name of its function or constant and a number."""
    found: Statements = {}
    for module in modules:
        for name, statement in _of(module):
            whole = f"{module.__name__}.{name}"
            found[f"{whole} {sum(each.startswith(f'{whole} ') for each in found) + 1}"] = statement
    return found


def _of(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name, member in vars(module).items():
        for text in _texts(member):
            if _WHOLE.match(text):
                yield name, text
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__:
            continue
        source = inspect.getsource(function)
        for long, short in _IN_FUNCTIONS.findall(source):
            yield name, long or short
        for query in _KEPT.findall(source):
            yield name, query


def _texts(member: Any) -> Iterator[str]:
    """A constant that is a statement, or has several."""
    held = member.values() if isinstance(member, dict) else member if isinstance(member, tuple) else (member,)
    yield from (text for text in held if isinstance(text, str))


async def prepare(connection: Connection, found: Statements) -> None:
    """Prepare the statements, to be planned without looking at values, as they are when they come often."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    for number, statement in enumerate(found.values()):
        await connection.execute(f"prepare s{number} as {statement}")


async def plan(connection: Connection, found: Statements) -> dict[str, Plan]:
    """The plans of prepared statements, by their names."""
    return {name: await _plan(connection, number, text) for number, (name, text) in enumerate(found.items())}


async def _plan(connection: Connection, number: int, statement: str) -> Plan:
    places = ", ".join(["null"] * len(set(re.findall(r"\$\d+", statement))))
    values = f"({places})" if places else ""
    [whole] = json.loads(await connection.fetchval(f"explain (format json) execute s{number}{values}"))
    return dict(whole["Plan"])


def read_through(plan: Plan) -> set[str]:
    """The tables that are read from their first row to their last."""
    return {step["Relation Name"] for step in _steps(plan) if step["Node Type"] == "Seq Scan"}


def _steps(plan: Plan) -> Iterator[Plan]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _steps(inner)
