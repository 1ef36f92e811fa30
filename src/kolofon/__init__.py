"""Kolofon: a self-hosted subscriber platform for newspaper and magazine publishers."""

__version__ = "0.1.0"
