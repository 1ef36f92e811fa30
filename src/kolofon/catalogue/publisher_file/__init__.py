"""A publisher file: its shape, how it is read, and what is checked before anything else is done with it."""
