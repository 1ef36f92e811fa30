"""Order: registered and checked, listed, and given up when nobody completes it."""
