"""Two small strategies that trade through the interface; copy one and change it."""
