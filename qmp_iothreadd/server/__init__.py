"""What carries sessions: connections, listeners, standard input and output, terminals."""
