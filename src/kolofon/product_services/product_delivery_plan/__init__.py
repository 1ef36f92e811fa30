"""ProductDeliveryPlan: what a subscriber gets on which weekday."""
