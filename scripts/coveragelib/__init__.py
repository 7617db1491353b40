"""What `scripts/coverage` is made of: a run of tests for each room, a bound for each module."""
