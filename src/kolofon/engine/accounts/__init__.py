"""Accounts of users, for every chapter that finds or makes them."""
