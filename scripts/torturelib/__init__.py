"""What `scripts/torture` does: attacks on a daemon of its own, and whether it survived each."""
