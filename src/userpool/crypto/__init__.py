"""Cryptography, for client and service alike, and the only room that knows cryptography and gmpy2.

powers   modular powers, by `pow` or gmpy2
jws      a signed token taken apart, strictly
rs256    signing and verifying
jwks     key sets as issuers publish them
aead     sealing, key derivation, keyed hashes
strict   base64url and JSON without exceptions to their rules

Nothing of it is loaded before it is used, and it imports nothing of the other rooms.
"""
