"""What things cost: list prices, discounts, distribution and VAT (docs/decisions/0018)."""
