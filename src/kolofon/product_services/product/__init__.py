"""Product: what a partner sells, and what a customer has access to."""
