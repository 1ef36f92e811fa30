"""Diverse: external identity."""
