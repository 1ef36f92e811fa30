"""One program for each promise of speed; README.md has the last figures and the machine."""
