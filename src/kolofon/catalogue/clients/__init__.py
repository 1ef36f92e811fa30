"""The clients of a publisher file."""
