"""Reports: everything is rendered from one RunResult."""
