"""What keeps a process in its box: namespaces, privileges, system calls, and what it inherits."""
