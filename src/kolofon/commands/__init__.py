"""What the command line does in the database, one function a command."""
