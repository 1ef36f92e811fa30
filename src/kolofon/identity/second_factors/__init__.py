"""What is shown beside a password or a code: a code from an app, a passkey, or a recovery code."""
