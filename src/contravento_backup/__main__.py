from contravento_backup.main import main

if __name__ == "__main__":
    main()
