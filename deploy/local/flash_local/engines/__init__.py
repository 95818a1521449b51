"""The engines, each from published artifacts: prepare a data folder, then run one process on it."""
