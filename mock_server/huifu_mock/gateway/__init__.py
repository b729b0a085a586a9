"""The way of a call to a decided reply, one file for each endpoint of Huifu's, and the life of an order."""
