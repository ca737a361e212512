import static javax.xml.XMLConstants.FEATURE_SECURE_PROCESSING;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Adds up the test reports below a folder: why tests were skipped, which failed, and the counts on the last line. The
 * second argument is Maven's exit status: a build that ended before its tests did counts as one more failure.
 */
void main(String[] args) throws Exception {
    List<Path> reports;
    try (var files = Files.walk(Path.of(args[0]))) {
        reports = files.filter(file -> file.toString().contains("target/surefire-reports/TEST-"))
                .filter(file -> file.toString().endsWith(".xml"))
                .sorted()
                .toList();
    }
    int passed = 0;
    int failed = 0;
    if (!args[1].equals("0")) {
        failed++;
        IO.println("failed:  the build itself, so that some tests did not run; Maven's words above say why");
    }
    int skipped = 0;
    Map<String, Integer> reasons = new TreeMap<>();
    var factory = DocumentBuilderFactory.newInstance();
    factory.setFeature(FEATURE_SECURE_PROCESSING, true);
    for (Path report : reports) {
        NodeList cases = factory.newDocumentBuilder().parse(report.toFile()).getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            if (has(test, "failure") || has(test, "error")) {
                failed++;
                IO.println("failed:  " + test.getAttribute("classname") + " " + test.getAttribute("name"));
            } else if (has(test, "skipped")) {
                skipped++;
                reasons.merge(reason((Element) test.getElementsByTagName("skipped").item(0)), 1, Integer::sum);
            } else {
                passed++;
            }
        }
    }
    reasons.forEach((reason, count) -> IO.println("skipped: " + count + " because: " + reason));
    IO.println(passed + " passed, " + failed + " failed, " + skipped + " skipped");
    System.exit(failed > 0 || passed == 0 ? 1 : 0);
}

private static boolean has(Element test, String child) {
    return test.getElementsByTagName(child).getLength() > 0;
}

/** What a disabled test says in an attribute, and a failed assumption in the first line of its stack trace. */
private static String reason(Element skipped) {
    String message = skipped.getAttribute("message");
    String words = message.isBlank() ? skipped.getTextContent().strip().lines().findFirst().orElse("") : message;
    int assumption = words.indexOf("Assumption failed: ");
    String reason = assumption < 0 ? words : words.substring(assumption + "Assumption failed: ".length());
    return reason.isBlank() ? "no reason given" : reason.strip();
}
