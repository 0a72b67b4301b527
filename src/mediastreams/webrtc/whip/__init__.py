"""WHIP and WHEP: streams to and from servers by one HTTP request, and a small server of our own."""
