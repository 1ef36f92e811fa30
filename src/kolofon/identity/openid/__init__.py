"""OpenID Connect: one module of pure rules per specification or part of one, and the endpoints that use them."""
