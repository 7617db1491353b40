"""Objects that clients make and that act: secrets, credentials, memory, limits, who may connect.

One module a family; ``machine.object_types`` says which type is where. They are loaded with the
first object of their family.
"""
