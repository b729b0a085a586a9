"""Intercepting: a listener for clients that call Huifu's real hosts, unchanged. It serves them in Huifu's place."""
