"""Invoices: what is asked for, by which number, when it is due, and what happens when it is paid or not."""
