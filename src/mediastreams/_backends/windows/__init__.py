"""Windows: cameras through DirectShow, screens through GDI."""
