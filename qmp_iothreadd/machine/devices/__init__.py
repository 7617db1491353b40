"""Devices, their models, and the buses that they are plugged into."""
