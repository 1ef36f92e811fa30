"""Privacy: the purposes a customer permits its data to be used for."""
