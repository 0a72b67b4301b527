"""What sends a track: encoders shared by all viewers, and one `outlet.Outlet` for each sender."""
