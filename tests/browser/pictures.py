"""Pictures of every page: `python -m tests.browser.pictures [FOLDER]`.

On a phone and on a desk, in light and in dark, as the tests of this package meet them. Without a folder those that
docs/pictures.md shows are made anew.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"


def main() -> None:
    """Take them all, and keep all or what the documentation shows."""
    if len(sys.argv) > 1:
        _take(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        _take(Path(folder))
        _keep(Path(folder))


def _keep(folder: Path) -> None:
    kept = DOCS / "pictures"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name in re.findall(r"\(pictures/([\w-]+\.png)\)", (DOCS / "pictures.md").read_text()):
        shutil.copy(folder / name, kept)


def _take(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # Tests that look at nothing are left out.
    seen = [str(path) for path in sorted(HERE.glob("test_*.py")) if ".look(" in path.read_text()]
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *seen]
    subprocess.run(command, check=True, env=os.environ | {"KOLOFON_TEST_PICTURES": str(folder.resolve())})


if __name__ == "__main__":
    main()
