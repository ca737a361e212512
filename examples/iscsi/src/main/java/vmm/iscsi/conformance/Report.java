package vmm.iscsi.conformance;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells how a suite went. */
final class Report {
    private static final String ROW = "%-24s %6s %6s %8s %7s%n";

    private final List<Result> results;

    Report(List<Result> results) {
        this.results = List.copyOf(results);
    }

    /** How many tests ended like that. */
    long count(Verdict.Outcome outcome) {
        return results.stream()
                .filter(result -> result.verdict().outcome() == outcome)
                .count();
    }

    /** A table for people: a row for each family, then every test that did not pass. */
    String table() {
        Map<String, List<Result>> families = new LinkedHashMap<>();
        for (Result result : results) {
            families.computeIfAbsent(result.test().family(), family -> new ArrayList<>())
                    .add(result);
        }
        StringBuilder table =
                new StringBuilder(String.format(ROW, "family", "passed", "failed", "disputed", "skipped"));
        families.forEach((family, members) -> table.append(row(family, new Report(members))));
        table.append(row("all", this));
        for (Verdict.Outcome outcome :
                List.of(Verdict.Outcome.FAILED, Verdict.Outcome.DISPUTED, Verdict.Outcome.SKIPPED)) {
            for (Result result : results) {
                if (result.verdict().outcome() == outcome) {
                    table.append(String.format(
                            "%n%s %s (%s): %s",
                            outcome.label(),
                            result.test(),
                            result.configuration().label(),
                            result.verdict().reason()));
                }
            }
        }
        return table.append(System.lineSeparator()).toString();
    }

    private static String row(String name, Report part) {
        return String.format(
                ROW,
                name,
                part.count(Verdict.Outcome.PASSED),
                part.count(Verdict.Outcome.FAILED),
                part.count(Verdict.Outcome.DISPUTED),
                part.count(Verdict.Outcome.SKIPPED));
    }

    /** A table for people of the same tests on several machines: the counts, then every test that not all passed. */
    static String sideBySide(Map<Machine, List<Result>> machines) {
        StringBuilder table =
                new StringBuilder(String.format(ROW, "machine", "passed", "failed", "disputed", "skipped"));
        machines.forEach((machine, results) -> table.append(row(machine.label(), new Report(results))));
        Map<SuiteTest, Map<Machine, Result>> byTest = new LinkedHashMap<>();
        machines.forEach((machine, results) ->
                results.forEach(result -> byTest.computeIfAbsent(result.test(), test -> new EnumMap<>(Machine.class))
                        .put(machine, result)));
        byTest.forEach((test, each) -> {
            if (each.values().stream().anyMatch(result -> result.verdict().outcome() != Verdict.Outcome.PASSED)) {
                table.append(String.format("%n%s", test));
                each.forEach((machine, result) -> table.append(String.format(
                        "%n    %-5s %s",
                        machine.label(),
                        (result.verdict().outcome().label() + " "
                                        + result.verdict().reason())
                                .strip())));
            }
        });
        return table.append(System.lineSeparator()).toString();
    }

    /** The same for programs. */
    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        for (Verdict.Outcome outcome : Verdict.Outcome.values()) {
            facts.put(outcome.label(), count(outcome));
        }
        facts.put("tests", results.stream().map(Report::facts).toList());
        return facts;
    }

    private static Map<String, Object> facts(Result result) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("test", result.test().toString());
        facts.put("configuration", result.configuration().label());
        facts.put("outcome", result.verdict().outcome().label());
        facts.put("reason", result.verdict().reason());
        return facts;
    }

    /** What the client printed about the tests that failed, the last lines of each. */
    String failures(int lines) {
        StringBuilder text = new StringBuilder();
        for (Result result : results) {
            if (result.verdict().outcome() == Verdict.Outcome.FAILED) {
                List<String> output = result.output();
                text.append("==== ")
                        .append(result.test())
                        .append(" (")
                        .append(result.configuration().label());
                text.append("): ").append(result.verdict().reason()).append('\n');
                output.subList(Math.max(0, output.size() - lines), output.size())
                        .forEach(line -> text.append(line).append('\n'));
            }
        }
        return text.toString();
    }
}
