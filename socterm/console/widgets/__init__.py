"""The panes and lines the screens are made of."""
