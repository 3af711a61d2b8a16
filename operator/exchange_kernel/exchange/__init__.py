"""Where the money is: the port, the ccxt adapter, the venue profiles and the account session."""
