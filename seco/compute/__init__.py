"""Where and how numbers are computed: device and precision, ranks, resizing, pixel values."""
