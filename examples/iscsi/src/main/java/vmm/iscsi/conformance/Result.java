package vmm.iscsi.conformance;

import java.util.List;

/**
 * How a test went in the configuration that counts for it.
 *
 * @param output what the client printed
 */
record Result(SuiteTest test, Configuration configuration, Verdict verdict, List<String> output) {}
