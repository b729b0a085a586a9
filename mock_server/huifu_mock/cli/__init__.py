"""`huifu-mock`, the command: one file for each subcommand."""
