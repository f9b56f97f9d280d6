"""What an evaluation leaves behind: its data, its tables and a page that shows them."""
