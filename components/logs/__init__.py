"""What a run's pods print, merged."""
