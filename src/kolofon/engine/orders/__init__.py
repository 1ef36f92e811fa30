"""Orders from their completing to their hand-over: payment methods, claims, states, and what comes of an order.

Completing: `service` changes the status, with `claims` (what an order takes) and `access` (until the hand-over).
The hand-over: `handover` is the worker's, `transfer` one transaction of it, with `starting` (the subscriptions) and
`drafting` (the invoice). `methods`: how orders are paid. `callbacks`: telling clients how an order ended.
"""
