"""Status: what a customer should know now: notices of the partner, and invoices that are overdue."""
