"""Prices of a publisher file: a price that changes becomes a new version, and the old ones stay."""
