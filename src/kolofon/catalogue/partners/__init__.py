"""What a partner is: companies, enterprises, purposes and channels, from a publisher file."""
