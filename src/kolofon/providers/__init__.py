"""The outside world, one module for each way to it."""
