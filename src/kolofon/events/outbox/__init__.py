"""Mails and SMS on their way: rows until the worker has sent them."""
