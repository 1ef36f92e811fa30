"""Notices to readers: what has been changed in their account, when, and what to do if it was not them."""
