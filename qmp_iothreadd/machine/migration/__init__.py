"""What goes to another process and comes from one: channels, the stream, what it says."""
