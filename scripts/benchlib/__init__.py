"""What `scripts/bench` is made of: one plain client, the servers it measures, the table.

    client      a blocking socket and as little Python around it as possible
    servers     start a server, wait for its greeting, read its memory, stop it
    measures    what is measured, one function per step
    machine     what it is, and how busy others keep it
    rounds      every step on every server in turn, several times
    results     medians, ratios and targets
    report      the cells of the table, and JSON
    terminal    tables and progress, for all measuring scripts
    options     what the command lines of all measuring scripts share
    cli         the command line

Units throughout: times in nanoseconds (`_ns`), memory in bytes, rates in requests per second.
"""
