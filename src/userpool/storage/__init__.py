"""Where tokens live: the protocol, memory, and files. Import what you need from the modules, or from
`userpool`.
"""
