"""The demo accounts of a publisher file."""
