"""The network below HTTP: addresses, proxies, TLS, deadlines, and the names of what fails."""
