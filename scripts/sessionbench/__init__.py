"""What `scripts/bench-session` is made of: the way of a request through a session, step by step."""
