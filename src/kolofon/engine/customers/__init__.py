"""Which customer a user is, for every chapter that works on customers."""
