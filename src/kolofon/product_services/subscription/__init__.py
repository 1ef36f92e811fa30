"""Subscription: what a customer subscribes to, and starting a subscription outside of an order."""
