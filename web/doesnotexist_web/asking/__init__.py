"""From a request to what is wanted: of which site, in which form, of which recipe."""
