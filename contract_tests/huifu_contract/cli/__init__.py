"""huifu-contract, the command. One file per subcommand; heavy things are imported when they are needed."""
