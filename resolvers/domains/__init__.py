"""Registration of domain names, and their publication (whois, RDAP: RFC 9083)."""
