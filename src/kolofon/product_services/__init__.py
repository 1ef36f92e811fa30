"""Product & Services: product."""
