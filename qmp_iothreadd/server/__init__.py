"""What carries sessions: connections, and the monitors that make them."""
