"""What Huifu sends by itself: the webhook `trans.close` and the notify to an order's `notify_url`."""
