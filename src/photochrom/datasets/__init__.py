"""Pictures to learn from: found, screened, packed, damaged and served in batches. Needs torch."""
