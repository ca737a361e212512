package vmm.iscsi.conformance;

/**
 * A test of the suite.
 *
 * @param family what it is about: {@code Read10}
 * @param name its name there: {@code Simple}
 */
record SuiteTest(String family, String name) {
    /** What the client calls it. */
    String path() {
        return "ALL." + family + "." + name;
    }

    @Override
    public String toString() {
        return family + "." + name;
    }
}
