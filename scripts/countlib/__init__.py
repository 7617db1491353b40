"""Instructions a request, which no other work on the machine changes: what callgrind counts."""
