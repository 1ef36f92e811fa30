"""Category: the kinds of category that a partner has for its customers, and their codes."""
