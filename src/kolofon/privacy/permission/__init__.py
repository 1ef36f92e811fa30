"""Permission and shield: marketing per channel, on the global, the enterprise and the order type level."""
