"""DG-WGPO: reinforcement learning on rollouts, with the paper's reward on top of DAPO."""
