"""Start methods: the contract, and those that come with the benchmark."""
