"""`python -m kolofon`."""

from kolofon.cli import main

main()
