"""The life of a subscription: started, renewed, paused, stopped, restarted, period by period."""
