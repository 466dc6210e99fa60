"""Parts of methods that choose diverse patches: places, their features, a choice by these."""
