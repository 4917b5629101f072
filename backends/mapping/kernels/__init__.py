"""The loops of mapping; `load` joins the files into one module."""
