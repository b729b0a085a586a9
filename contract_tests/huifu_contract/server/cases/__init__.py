"""The cases for servers, by what they look at."""
