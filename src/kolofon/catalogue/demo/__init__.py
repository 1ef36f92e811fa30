"""The demo publishers, and customers made up in any number."""
