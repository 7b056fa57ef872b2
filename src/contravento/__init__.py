"""ContraVento: a travel diary and community for people who tour by bicycle."""

from importlib.metadata import version

__version__ = version("contravento")
