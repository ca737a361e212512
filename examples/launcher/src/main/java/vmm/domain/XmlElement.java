package vmm.domain;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import vmm.machine.ConfigurationException;

/**
 * An element of a description. It remembers what of it was asked for: what nobody asked for means nothing, and
 * {@link Unread} tells the user. One thread.
 */
final class XmlElement {
    private final String document;
    private final String name;
    private final int line;
    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final List<XmlElement> children = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private final Set<String> readAttributes = new HashSet<>();
    private boolean read;

    /**
     * An element without contents.
     *
     * @param document what the user calls the description
     * @param name with its prefix, if it is of another namespace than libvirt's
     * @param line where it begins, from 1
     */
    XmlElement(String document, String name, int line) {
        this.document = document;
        this.name = name;
        this.line = line;
    }

    void put(String attribute, String value) {
        attributes.put(attribute, value);
    }

    void add(XmlElement child) {
        children.add(child);
    }

    void add(String more) {
        text.append(more);
    }

    String name() {
        return name;
    }

    int line() {
        return line;
    }

    boolean isRead() {
        return read;
    }

    /** All elements in it, read or not. */
    List<XmlElement> children() {
        return children;
    }

    /** The attributes that nobody has asked for. */
    List<String> unreadAttributes() {
        return attributes.keySet().stream()
                .filter(attribute -> !readAttributes.contains(attribute))
                .toList();
    }

    /** Notes that it was looked at; its attributes and children count by themselves. */
    XmlElement visit() {
        read = true;
        return this;
    }

    /** Notes that it was looked at with all that is in it. */
    void visitAll() {
        read = true;
        readAttributes.addAll(attributes.keySet());
        children.forEach(XmlElement::visitAll);
    }

    /** Takes back that it was looked at, since it turned out to mean nothing. */
    void forget() {
        read = false;
    }

    /** Takes back that an attribute was looked at. */
    void forget(String attribute) {
        readAttributes.remove(attribute);
    }

    /** The elements of that name in it, all of which count as read. */
    List<XmlElement> children(String of) {
        return children.stream()
                .filter(child -> child.name.equals(of))
                .map(XmlElement::visit)
                .toList();
    }

    /** The element of that name in it, of which there may be one. */
    Optional<XmlElement> child(String of) {
        List<XmlElement> found = children(of);
        if (found.size() > 1) {
            throw found.get(1).refused("is a second <" + of + ">; leave one of them out");
        }
        return found.stream().findFirst();
    }

    /** True if there is an element of that name in it, which says all by being there. */
    boolean has(String of) {
        return child(of).isPresent();
    }

    /** An attribute's value. */
    Optional<String> attribute(String of) {
        readAttributes.add(of);
        return Optional.ofNullable(attributes.get(of));
    }

    /** An attribute's value, which has to be there. */
    String required(String of) {
        return attribute(of).orElseThrow(() -> refused("has no " + of + "=; add it"));
    }

    /** An attribute's value, which has to be there and a name that a device can have. */
    String id(String of) {
        String value = required(of);
        if (!value.matches("[A-Za-z0-9_.-]{1,64}")) {
            throw refused("has " + of + "='" + shown(value)
                    + "', which must be at most 64 letters, digits, '-', '_' and '.'; change it");
        }
        return value;
    }

    /** True if an attribute has that value; otherwise nobody has asked for it. */
    boolean says(String attribute, String value) {
        boolean says = value.equals(attributes.get(attribute));
        if (says) {
            readAttributes.add(attribute);
        }
        return says;
    }

    /** What stands between its tags, without the white space around it. */
    String text() {
        return text.toString().strip();
    }

    /** The line of text in a child, if it is there and not empty. */
    Optional<String> textOf(String child) {
        return child(child).map(XmlElement::textInOneLine).filter(found -> !found.isEmpty());
    }

    private String textInOneLine() {
        String text = text();
        if (text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw refused("has the text " + shown(text) + " with line breaks or the like in it; leave those out");
        }
        return text;
    }

    /** The file that stands between its tags. */
    Path file() {
        return file(text());
    }

    /**
     * The file of that name.
     *
     * @param name begins at the root, as libvirt wants it: nobody knows from where a description was meant otherwise
     */
    Path file(String name) {
        if (!name.startsWith("/")) {
            throw refused(
                    "names the file " + shown(name) + ", which does not begin with a slash; write the whole path");
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw refused("names the file " + shown(name) + ", which no file of this host can be called; change it");
        }
    }

    /** What the word of an attribute stands for; empty if it is not there. */
    <T> Optional<T> oneOf(String attribute, Map<String, T> meanings) {
        return attribute(attribute).map(word -> {
            T meaning = meanings.get(word);
            if (meaning == null) {
                String known = meanings.keySet().stream()
                        .sorted()
                        .map(each -> "'" + each + "'")
                        .collect(Collectors.joining(" or "));
                throw refused(
                        "has " + attribute + "='" + shown(word) + "', and this machine knows " + known + "; change it");
            }
            return meaning;
        });
    }

    /** A switch, {@code on} or {@code off}. */
    boolean isOn(String attribute, boolean byDefault) {
        return oneOf(attribute, Map.of("on", true, "off", false)).orElse(byDefault);
    }

    /** A switch, {@code yes} or {@code no}. */
    boolean isYes(String attribute, boolean byDefault) {
        return oneOf(attribute, Map.of("yes", true, "no", false)).orElse(byDefault);
    }

    /** A whole number that is not negative, decimal or with 0x. */
    OptionalInt number(String attribute) {
        Optional<String> value = attribute(attribute);
        return value.isEmpty() ? OptionalInt.empty() : OptionalInt.of(toInt(attribute + "='", value.get(), "'"));
    }

    /** The number between its tags. */
    int number() {
        return toInt("", text(), " in it");
    }

    private int toInt(String before, String value, String after) {
        long number = toLong(before, value, after);
        if (number > Integer.MAX_VALUE) {
            throw noNumber(before, value, after);
        }
        return (int) number;
    }

    /** The large number between its tags. */
    long longNumber() {
        return toLong("", text(), " in it");
    }

    private long toLong(String before, String value, String after) {
        boolean hexadecimal = value.startsWith("0x");
        String digits = hexadecimal ? value.substring(2) : value;
        if (!digits.isEmpty() && Character.digit(digits.charAt(0), 16) >= 0) {
            try {
                return Long.parseLong(digits, hexadecimal ? 16 : 10);
            } catch (NumberFormatException notANumber) {
                throw noNumber(before, value, after);
            }
        }
        throw noNumber(before, value, after);
    }

    private ConfigurationException noNumber(String before, String value, String after) {
        return refused("has " + before + shown(value) + after + ", which is no number from 0 to " + Integer.MAX_VALUE
                + "; write one");
    }

    /**
     * Says what is wrong with it.
     *
     * @param what the rest of a sentence that begins with the element, with the remedy
     */
    ConfigurationException refused(String what) {
        return new ConfigurationException(document + ", line " + line + ": <" + name + "> " + what + ".");
    }

    /** What a sentence shows of a text that anybody may have written. */
    static String shown(String text) {
        StringBuilder plain = new StringBuilder();
        text.codePoints().limit(80).map(c -> c < ' ' || c == 0x7f ? '?' : c).forEach(plain::appendCodePoint);
        return plain.toString();
    }
}
