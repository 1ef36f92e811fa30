"""What has happened, written down for whoever wants to be told."""
