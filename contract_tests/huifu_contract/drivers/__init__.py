"""Ways to reach a client: in this process, in a child of ours, or in a program of any language."""
