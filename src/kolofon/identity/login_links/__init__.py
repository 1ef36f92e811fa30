"""Links in messages by which a user signs in once, or sets the first password."""
