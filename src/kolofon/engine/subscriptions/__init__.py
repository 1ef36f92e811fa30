"""The life of a subscription: started, renewed, paused, stopped, restarted, period by period.

`rules` and `periods` are pure: states, times. What leads from one to another: `service` (orders), `changing` (people),
`paying` (invoices), `running` (time). `writing` writes a change down and tells of it. `life_run` is the worker's: it
lets time pass for all that a partner has, invoices included.
"""
