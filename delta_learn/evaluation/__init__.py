"""What a predictor is worth: replay, baselines, gate."""
