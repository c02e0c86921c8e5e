"""Sets of rules from elsewhere: fetched, checked, unpacked, swapped in, and rolled back."""
