"""Windows on the screen, made with SDL (PySDL2), on every system where a library may have some."""
