"""OAuth 2.0: one module of pure rules per RFC, and the endpoints that use them."""
