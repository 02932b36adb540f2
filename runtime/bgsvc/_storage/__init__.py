"""What is kept on disk: state files, locks and the platform budgets that were used."""
