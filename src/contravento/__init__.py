"""ContraVento: a travel diary and community for people who tour by bicycle."""
