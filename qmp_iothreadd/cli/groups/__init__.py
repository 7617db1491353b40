"""The options by group: rows of the table, and what each does to the command line being read.

A handler takes the option's argument. It raises QmpError for what QEMU reports about the option
being read, LocatedError for what it reports otherwise, and Finished where there is nothing left to
do.
"""
