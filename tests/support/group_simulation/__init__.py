"""Groups in a world of two operators that crash, of caches that lag, and of a venue whose fills come when they like."""
