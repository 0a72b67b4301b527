"""Offer and answer."""

__all__: list[str] = []
