"""Orders from their completing to their hand-over: payment methods, claims, states, and what comes of an order."""
