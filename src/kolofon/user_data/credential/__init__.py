"""Credential: whether somebody has an account by an e-mail address or a phone number."""
