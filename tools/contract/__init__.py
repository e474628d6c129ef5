"""Turns the published service model into `userpool.protocol._generated`; see `tools/gen_contract.py`."""
