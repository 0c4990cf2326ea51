"""From what was made, or what went wrong, to an HTTP answer."""
