"""File API: `Blob`, `File`, `URL` as far as it concerns them."""
