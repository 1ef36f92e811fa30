"""Order Management: what is ordered, and how an order is completed."""
