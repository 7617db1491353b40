"""What `scripts/bench-fleet` measures: the time, the memory and the answers of many machines."""
