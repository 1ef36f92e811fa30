"""Customer: who a customer is, how to reach it, and finding it."""
