"""Grading a client: running the cases, drawing and shrinking examples, verdicts, known failures, replays."""
