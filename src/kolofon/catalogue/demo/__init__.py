"""The demo publishers, one file each."""

from pathlib import Path

DEMO_FILES = tuple(sorted(Path(__file__).parent.glob("*.yaml")))
