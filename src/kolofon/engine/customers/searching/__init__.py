"""Finding customers by what somebody remembers of them, for the API and the command line.

What customers are found by is in the table customer_search, which triggers keep true (migration 0021). `criteria` is
what is asked, `rules` makes the question of it that the index answers, `meanings` says what a word can be.
"""
