"""Invoices: what is asked for, by which number, when it is due, and what happens when it is paid or not.

`service` makes them from `drafts` and takes them back, `renewal` makes those of next periods, many at once
(`renewal_terms`: what these cost; `renewal_preview`: the dry run), `dunning` sends and reminds, `paying` takes
payments.
"""
