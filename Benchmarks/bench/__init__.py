"""The side-by-side runs behind `make bench`."""
