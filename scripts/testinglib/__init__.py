"""What `scripts/bench-testing` is made of: what a test pays for each kind of double."""
