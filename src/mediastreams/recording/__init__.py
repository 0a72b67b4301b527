"""Recording: streams into files."""

__all__: list[str] = []
