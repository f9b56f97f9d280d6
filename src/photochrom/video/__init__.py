"""Films as frames. The only package that imports PyAV."""
