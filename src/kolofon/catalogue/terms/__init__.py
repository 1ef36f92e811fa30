"""The terms of selling of a publisher file: VAT, sellers, ways to pay, reminders, rewards, dependencies."""
