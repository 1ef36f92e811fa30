"""The groups of commands, one module each; `kolofon.cli` puts them together."""
