"""Programs from outside that some tests need: without them these tests are left out, but never in CI."""

import os
import shutil
from pathlib import Path

import pytest

JAVASCRIPT = Path(__file__).parent / "javascript"


def program(*names: str) -> str:
    """The path of the first of these programs that is there."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or _left_out(f"needs {names[0]}")


def node_module(path: str) -> Path:
    """A file of what `make test` installs with npm."""
    file = JAVASCRIPT / "node_modules" / path
    return file if file.exists() else Path(_left_out("needs npm, and make test once"))


def _left_out(reason: str) -> str:
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, which CI has to have")
    pytest.skip(reason)
