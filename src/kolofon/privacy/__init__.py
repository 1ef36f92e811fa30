"""Privacy: what a customer permits."""
