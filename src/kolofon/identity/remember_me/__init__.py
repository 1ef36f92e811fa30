"""Remember-me: a browser that stays signed in at one client, by a cookie of its own."""
