package vmm.bench.compare;

import java.util.Optional;

/**
 * What one job of the guest came to.
 *
 * @param iops requests per second
 * @param cpuMicros processor time of the VMM per request, without the threads that run guest code
 * @param p50Micros half of the requests took less
 * @param p99Micros all but one in a hundred took less
 * @param others how many processors somebody else kept busy meanwhile
 * @param kicks doorbell exits per request, if they were counted
 * @param interrupts per request, if they were counted
 * @param systemCalls of the VMM per request, if they were counted
 */
record Sample(
        double iops,
        double cpuMicros,
        double p50Micros,
        double p99Micros,
        double others,
        Optional<Double> kicks,
        Optional<Double> interrupts,
        Optional<Double> systemCalls) {}
