"""Customer data: who a partner's customers are, where they are found, and what other systems call them."""
