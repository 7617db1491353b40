"""What `scripts/experiment-weights` is made of.

    weights     the settings, the load, and a run of each setting in turn through QMP
    report      the cells of the table, and JSON
    cli         the command line

The client, the start of the daemon, the table and the progress bar are those of `scripts/bench`.
"""
