"""Payload formats of RTP: encoded frames into payloads and back, pure bytes.

Every format is a module with the functions of `formats.PayloadFormat`; ``formats.format_of`` finds it.
"""
