"""回音 (Huiyin): what the rooms share."""
