"""What the engine costs, beside a bare C program of two threads (`scripts/bench-engine`)."""
