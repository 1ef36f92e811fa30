"""What somebody could try who is not the reader, by class of attack. Each test fails when its guard is taken out."""
