"""External Identity: a third party acts as identity provider."""
