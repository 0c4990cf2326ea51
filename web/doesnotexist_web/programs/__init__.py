"""What programs ask for: pictures, records and lists, described as an OpenAPI document."""
