"""OpenID Connect Back-Channel Logout 1.0: clients are told by our server that a session has ended."""
