"""The types of machines, and what each has from its start."""

EMPTY = "none"
"""The type of the machine without anything."""
