"""What Huifu sends without being asked: the webhook `trans.close` and the notify to an order's `notify_url`."""
