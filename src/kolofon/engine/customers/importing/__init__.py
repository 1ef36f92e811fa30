"""Importing the customers of another system from a file.

`reading` takes the file apart row by row, `rows` says what a row may hold, `row_checks` looks at one row by itself, in
processes of their own (`ahead`), `rules` decides about the rows of a batch by what the database knows, `writing` puts
down what was taken, `service` is the run. docs/importing.md is for those who make the files.
"""
