"""Fine-tuning as runs: a folder each, made of stages that can be paused, killed and resumed."""
