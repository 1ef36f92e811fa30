"""What the demo customers of a publisher file hold and permit."""
