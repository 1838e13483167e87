"""What goes along with an experiment: recording, load, watching."""
