"""Where a customer is found: home addresses that follow each other, and temporary changes for a product.

`forms` is what an address says, `rules` how the timeline changes, `queries` which address counts on a day.
"""
