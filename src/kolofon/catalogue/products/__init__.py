"""What a partner sells and whom it lets in: categories, products and access rules, from a publisher file."""
