"""Completing an order without sending anybody through a web page."""
