"""What `scripts/write-tuning` is made of: docs/tuning.md, with what its commands print."""
