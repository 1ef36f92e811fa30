"""Signing in through other OpenID Connect providers: Vipps, Google, Apple, brokers of BankID."""
