"""How requests travel: the transport protocols, the default over httpx2, the loopback, the drivers of flows.

Nothing is loaded here: import the module that you need (`userpool.transports.api`, `.http`, `.reqwest`,
`.loopback`, `.drive`).
"""
