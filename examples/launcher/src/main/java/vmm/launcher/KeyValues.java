package vmm.launcher;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import vmm.machine.ConfigurationException;
import vmm.machine.NumberRange;

/**
 * The value of an option of the form {@code KEY=VALUE,KEY=VALUE,...}, as QEMU has them: a key alone means {@code on},
 * and a comma inside a value is written twice.
 */
final class KeyValues {
    /** A sentence with more keys than this is no help. */
    private static final int MOST_LISTED = 24;

    private final String option;
    private final String text;
    private final Map<String, String> values = new LinkedHashMap<>();

    private KeyValues(String option, String text) {
        this.option = option;
        this.text = text;
    }

    /**
     * Splits the value of an option.
     *
     * @param option as the user typed it, for sentences: {@code --disk}
     * @param known the keys that the option has
     * @throws ConfigurationException if a key is unknown or comes twice
     */
    static KeyValues parse(String option, String text, List<String> known) {
        KeyValues result = new KeyValues(option, text);
        int start = 0;
        while (start <= text.length()) {
            int end = endOfPart(text, start);
            result.add(text.substring(start, end).replace(",,", ","), known);
            start = end + 1;
        }
        return result;
    }

    private static int endOfPart(String text, int start) {
        int comma = text.indexOf(',', start);
        while (comma >= 0 && text.startsWith(",,", comma)) {
            comma = text.indexOf(',', comma + 2);
        }
        return comma < 0 ? text.length() : comma;
    }

    private void add(String part, List<String> known) {
        int equals = part.indexOf('=');
        String key = equals < 0 ? part : part.substring(0, equals);
        if (!known.contains(key)) {
            String meant =
                    Nearest.to(key, known).map(near -> "; did you mean " + near).orElse("");
            String culprit = key.isEmpty() ? "has an empty part" : "has no key " + key;
            String all = known.size() > MOST_LISTED
                    ? "See vmm run --help for all that there are."
                    : "It knows " + String.join(", ", known) + ".";
            throw new ConfigurationException(option + " " + culprit + meant + "? " + all);
        }
        if (values.putIfAbsent(key, equals < 0 ? "on" : part.substring(equals + 1)) != null) {
            throw new ConfigurationException(option + " " + text + " gives " + key + " twice; leave one out.");
        }
    }

    /** The value of a key, if it is there. */
    Optional<String> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** A whole number. */
    OptionalInt number(String key) {
        OptionalLong number = longNumber(key);
        if (number.isEmpty()) {
            return OptionalInt.empty();
        }
        if (number.getAsLong() != (int) number.getAsLong()) {
            throw noNumber(key);
        }
        return OptionalInt.of((int) number.getAsLong());
    }

    /** A whole number that may be large. */
    OptionalLong longNumber(String key) {
        String value = values.get(key);
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(value));
        } catch (NumberFormatException notANumber) {
            throw noNumber(key);
        }
    }

    private ConfigurationException noNumber(String key) {
        return new ConfigurationException(option + " " + text + ": " + key + " takes a whole number, not "
                + values.get(key) + "; write for example " + key + "=0.");
    }

    /** A number of bytes, as in {@code 64K}. */
    OptionalLong size(String key) {
        String value = values.get(key);
        return value == null ? OptionalLong.empty() : OptionalLong.of(Sizes.parse(key + "=", value, 'B'));
    }

    /** A whole number, or several from one to another as in {@code 0-63}. */
    Optional<NumberRange> numbers(String key) {
        String value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        int dash = value.indexOf('-', 1);
        if (dash < 0) {
            return Optional.of(NumberRange.of(number(key).orElseThrow()));
        }
        try {
            int first = Integer.parseInt(value.substring(0, dash));
            int last = Integer.parseInt(value.substring(dash + 1));
            if (first <= last) {
                return Optional.of(new NumberRange(first, last));
            }
        } catch (NumberFormatException notNumbers) {
            throw badRange(key, value);
        }
        throw badRange(key, value);
    }

    private ConfigurationException badRange(String key, String value) {
        return new ConfigurationException(option + " " + text + ": " + key + "=" + value
                + " is no range; write the smaller number first, as in " + key + "=0-63.");
    }

    /** A switch: {@code on} or {@code off}, off if it is not there. */
    boolean isOn(String key) {
        return isOn(key, false);
    }

    /** A switch, {@code byDefault} if it is not there. */
    boolean isOn(String key, boolean byDefault) {
        return switch (values.getOrDefault(key, byDefault ? "on" : "off")) {
            case "on", "yes", "true" -> true;
            case "off", "no", "false" -> false;
            default ->
                throw new ConfigurationException(
                        option + " " + text + ": " + key + " takes on or off, not " + values.get(key) + ".");
        };
    }

    /** Refuses the keys that make no sense here. */
    void refuse(List<String> keys, String why) {
        for (String key : keys) {
            if (values.containsKey(key)) {
                throw new ConfigurationException(option + " " + text + ": " + key + "= " + why + "; leave it out.");
            }
        }
    }

    /** What one of the words that a key takes stands for. */
    <T> T oneOf(String key, String byDefault, Map<String, T> meanings) {
        T meaning = meanings.get(
                oneOf(key, byDefault, meanings.keySet().stream().sorted().toList()));
        return Objects.requireNonNull(meaning);
    }

    /** One of the words that a key takes. */
    String oneOf(String key, String byDefault, List<String> words) {
        String value = values.getOrDefault(key, byDefault);
        if (!words.contains(value)) {
            throw new ConfigurationException(
                    option + " " + text + ": " + key + " takes " + String.join(" or ", words) + ", not " + value + ".");
        }
        return value;
    }
}
