"""Who a customer is: which one a user is, for every chapter, and which one a party of an order becomes.

`party` is how orders name people, `checking` what is asked of it, `registering` finds or makes its customer.
"""
