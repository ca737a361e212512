/** Bare-metal guests that need no firmware and no operating system, for tests, benchmarks and demonstrations. */
module vmm.examples.guests {
    requires static transitive org.jspecify;

    exports vmm.guests;
}
