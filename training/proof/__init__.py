"""The proof: the paper's ablation on mini, from fresh sentences to a page of figures."""
