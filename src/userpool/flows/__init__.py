"""The client's conversations with the service, one file each: generators that yield effects and return data.

A flow is given a configuration and arguments, and holds nothing else. `userpool.transports.drive` runs it; a
test can run it by hand with `next` and `send`. Nothing is loaded here: import the module that you need.
"""
