"""Made-up customers in any number: believable, Norwegian, and the same for the same seed."""
