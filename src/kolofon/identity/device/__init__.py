"""Signing in on a device without a browser, by way of another one that has a browser (RFC 8628)."""
