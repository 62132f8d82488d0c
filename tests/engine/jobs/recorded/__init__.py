"""States that earlier versions of the library left, and the programs that left them."""
