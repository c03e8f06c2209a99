"""How fast the gallery is, as ratios to floors measured in the same run."""
