"""The business itself: decisions that several chapters share. No routes."""
