"""Making the engine hear better: fine-tune, score, evaluate."""
