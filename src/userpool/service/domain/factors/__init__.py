"""What a sign-in asks for after the password, one file a kind of decision."""
