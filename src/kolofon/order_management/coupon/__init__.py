"""Coupon: the offers of subscriptions, and what they cost."""
