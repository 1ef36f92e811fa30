"""User: tying an order to a user, who is made when there is none, and told by mail or SMS."""
