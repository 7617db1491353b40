"""The life of the process: configuration, start-up, signals, pidfile, metrics, traces to files."""
