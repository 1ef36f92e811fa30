"""What readers let clients of others have: asking them, and remembering what they said."""
