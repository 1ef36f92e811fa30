"""The account page: what readers see and change of their own account."""
