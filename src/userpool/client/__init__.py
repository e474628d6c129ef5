"""The client's faces, `UserPool`, `User` and `Admin` in both colours, and the sessions behind them.

Import the names from `userpool` itself.
"""
