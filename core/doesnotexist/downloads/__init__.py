"""What comes from outside: fetched, checked, converted; and what is remembered of it beside the store.

transport → hub → download → first_sight, source_check → pull        conversions: foreign formats
acceptances, pins, history: kept from one pull to the next           inventory: what lies in the store
further_registries: model cards from outside
"""
