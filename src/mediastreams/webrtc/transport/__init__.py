"""The ways to a peer: ICE, DTLS, SRTP, SCTP."""

__all__: list[str] = []
