"""What `scripts/bench-lab` is made of: how fast the lab is, on one core."""
