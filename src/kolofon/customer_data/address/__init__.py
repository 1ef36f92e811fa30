"""Address: where a customer is found, and where products are delivered meanwhile."""
