"""External Reference: what other systems call a customer."""
