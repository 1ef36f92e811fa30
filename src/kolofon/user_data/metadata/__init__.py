"""Metadata: what a client keeps of a customer, as a JSON object of its own making."""
