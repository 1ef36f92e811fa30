"""Who a customer is: which one a user is, for every chapter, and which one a party of an order becomes.

`party` is how orders name people, `checking` what is asked of it, `registering` finds or makes its customer. `contacts`
is how a customer is named and reached, `references` what other systems call it, `linking` whose it is. The folders:
`addresses` where it is found, `searching` how it is found, `importing` many at once, `merging` one of two.
"""
