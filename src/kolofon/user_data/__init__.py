"""User Data: access, profile."""
