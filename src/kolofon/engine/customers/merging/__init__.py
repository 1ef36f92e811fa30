"""Making one customer of two.

`service` has the order of things, `rules` what becomes of what both have said. `queries` moves whole tables,
`detail_queries` brings together what both have.
"""
