"""Numbers in the files of users, read without trusting them."""
