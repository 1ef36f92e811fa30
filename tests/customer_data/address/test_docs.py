"""The changes in docs/customers.md are taken."""

import json
import re
from pathlib import Path

from tests.customer_data.address.mover import Mover, milliseconds

DOCS = Path(__file__).parents[3] / "docs" / "customers.md"
BLOCK = re.compile(r'^```json\n(\{"changeType".*?)^```$', re.MULTILINE | re.DOTALL)
A_TIME = re.compile(r"\b\d{13}\b")


async def test_the_changes_in_the_documents_are_taken(at_home: Mover) -> None:
    blocks = BLOCK.findall(DOCS.read_text())
    assert len(blocks) >= 3
    # The days of the documents stay as far from each other; the products are those of the tests.
    begins = min(int(time) for block in blocks for time in A_TIME.findall(block))
    later = milliseconds(at_home.day(10)) - begins
    for block in blocks:
        text = A_TIME.sub(lambda found: str(int(found[0]) + later), block)
        change = json.loads(text.replace("FP-PAPIR", "PAPER").replace("FF-MAGASIN", "MAG"))
        await at_home(change.pop("changeType"), change)
    assert await at_home.short() == [
        ("current", "Storgata", None),
        ("future", "Hytteveien", "PAPER"),
        ("future", "Hytteveien", "MAG"),
        ("future", "Kirkeveien", None),
    ]
