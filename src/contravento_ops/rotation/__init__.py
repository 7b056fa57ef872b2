"""Another value for each secret, while riders are about and none of them notices."""
