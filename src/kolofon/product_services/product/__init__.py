"""Product: what a customer has access to."""
