"""Domain names: registered, published (whois, RDAP: RFC 9083)."""
