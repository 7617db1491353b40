"""The types of machines, and what each has from its start."""
