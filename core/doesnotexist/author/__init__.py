"""What the command line offers to authors and owners of plugins.

new         a plugin of one's own, complete, from a template
check       whether a plugin keeps the promises of the contract
install     a plugin into this environment, after a look at what it brings
uninstall   a plugin that was installed
sync        put all recorded plugins back, as after an upgrade
"""
