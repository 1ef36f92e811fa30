"""The demo readers of a publisher file: accounts, customers and what they hold."""
