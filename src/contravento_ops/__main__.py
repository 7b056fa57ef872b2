"""What deploy.sh starts."""

from contravento_ops.main import main

main()
