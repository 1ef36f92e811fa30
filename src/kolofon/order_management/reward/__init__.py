"""Reward: whose a reward is."""
