"""Templates of adapters that `huifu-contract init adapter` writes."""
