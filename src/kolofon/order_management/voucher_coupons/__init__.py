"""Voucher Coupons: what may be ordered with a voucher."""
