package vmm.machine;

/**
 * Numbers from {@code first} to {@code last}, both included.
 *
 * @param last not less than {@code first}
 */
public record NumberRange(int first, int last) {
    /** One number. */
    public static NumberRange of(int number) {
        return new NumberRange(number, number);
    }

    /** True if it is one number. */
    public boolean isSingle() {
        return first == last;
    }

    /** True if some number is in both. */
    boolean overlaps(NumberRange other) {
        return first <= other.last && other.first <= last;
    }

    /** As the user writes it: {@code 7} or {@code 0-63}. */
    @Override
    public String toString() {
        return isSingle() ? Integer.toString(first) : first + "-" + last;
    }
}
