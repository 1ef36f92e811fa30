"""A search goes by the index of terms, however frequent and however rare what it asks for is."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from kolofon.platform.database import Connection
from tests.playground import Playground

MANY = 10_000
NONE, FEW, HALF, OTHER_HALF = "'1l:nobody'", "'1f:rare'", "'1l:hansen'", "'1f:per'"
WHOLE = [NONE, FEW, HALF, f"{HALF} & {FEW}", f"{HALF} & {NONE}", f"{HALF} & {OTHER_HALF}", f"{HALF} & ({FEW} | {NONE})"]
BEGINNINGS = [None, "'1l:han':*", "'1l:nob':*", "'1l:han':* & '1f:per':*"]


@pytest.fixture
async def crowded(playground: Playground) -> Connection:
    """As many Anne Hansens as Per Olsens, and one with a rare name; the planner knows how frequent they are."""
    connection = playground.connection
    await connection.execute(
        """
        insert into customer (partner_id, customer_number, first_name, middle_name, last_name, created_at)
        select 1, n, case n % 2 when 0 then 'Anne' else 'Per' end, case n when 7 then 'Rare' end,
            case n % 2 when 0 then 'Hansen' else 'Olsen' end, '2026-01-01'
        from generate_series(1, $1) n
        """,
        MANY,
    )
    await connection.execute("vacuum analyze")
    return connection


async def test_what_the_search_does_reads_neither_table_nor_key(crowded: Connection) -> None:
    function = await crowded.fetchrow("select prosrc, proconfig from pg_proc where proname = 'find_customers'")
    assert function is not None
    for setting in function["proconfig"]:
        name, _, value = setting.partition("=")
        await crowded.execute(f"set {name} = {value}")
    statement = function["prosrc"].replace("whole", "$1").replace("beginnings", "$2").replace("most", "$3")
    await crowded.execute(f"prepare s (tsquery, tsquery, integer) as {statement}")
    # Knowing the values, and not knowing them.
    for mode, whole, beginnings in product(("force_custom_plan", "force_generic_plan"), WHOLE, BEGINNINGS):
        await crowded.execute(f"set plan_cache_mode = {mode}")
        values = f"$${whole}$$, {'null' if beginnings is None else f'$${beginnings}$$'}, 51"
        [plan] = json.loads(await crowded.fetchval(f"explain (analyze, format json) execute s ({values})"))
        steps = [step for step in every_step(plan["Plan"]) if step.get("Relation Name") or step.get("Index Name")]
        assert {(step["Node Type"], step.get("Index Name")) for step in steps} <= {
            ("Bitmap Heap Scan", None),
            ("Bitmap Index Scan", "customer_search_terms"),
        }
        # However many have it, no more are looked at than are wanted.
        assert max(step["Actual Rows"] for step in steps if step["Node Type"] == "Bitmap Heap Scan") <= 51


def every_step(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from every_step(inner)


async def test_without_its_settings_it_would_read_the_table(crowded: Connection) -> None:
    # Both are frequent, so both together are expected soon; there is none, so all are read.
    query = f"explain select from customer_search where terms @@ $${HALF} & {OTHER_HALF}$$ limit 51"
    rows = [row[0] for row in await crowded.fetch(query)]
    assert any("Seq Scan" in row for row in rows), rows
