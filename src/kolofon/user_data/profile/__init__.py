"""Profile: the account behind a token."""
