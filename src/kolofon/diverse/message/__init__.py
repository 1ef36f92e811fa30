"""Message: what customers and customer service write to each other, one case for each matter."""
