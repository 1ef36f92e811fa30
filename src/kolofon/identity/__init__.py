"""The login server: OAuth 2.0, accounts, sessions and the pages a browser sees."""
