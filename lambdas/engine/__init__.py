"""What keeps an operation: intake, starts, the journal, guards, waits, holds, signals, the ends, recovery."""
