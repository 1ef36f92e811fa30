"""User Data: access, credential, metadata, profile."""
