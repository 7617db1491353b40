"""QMP: JSON, sessions, dispatch, and the servers that carry them."""
