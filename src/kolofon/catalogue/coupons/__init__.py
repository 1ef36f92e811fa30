"""Coupons, delivery plans and vouchers of a publisher file: what is gone is retired, since orders refer to it."""
