"""Teaches the lamp network: whether an oncoming motorcycle's head lamp is lit by day."""
