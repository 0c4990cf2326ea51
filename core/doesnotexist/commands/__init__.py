"""The commands of the core, one file each; `cli` puts them together with those of plugins."""
