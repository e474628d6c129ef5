"""What makes passkeys for a program without a browser: the protocol, and security keys.

Import what you need from the modules, or from `userpool`. `userpool.testing.SoftwareAuthenticator` is one for
tests.
"""
