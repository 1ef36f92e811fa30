"""The browser address that completes an order: payment, sign-in, and back to the site with what came of it."""
