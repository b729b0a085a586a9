"""What leads clients to the intercepting listener: variables for a child process, replaced sockets in this one."""
