"""Diverse: external identity, message, status, stock."""
