"""The HTTP server: Huifu's paths, the control API, the threads that sign."""
