"""From pictures and sounds to packets and files: codecs, containers, encoders, the writer, the session."""

__all__: list[str] = []
