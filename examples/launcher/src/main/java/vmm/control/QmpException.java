package vmm.control;

import java.util.Map;

/** A command that was not done: an error's class and what it says to people. */
public final class QmpException extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorClass errorClass;

    /** The classes of errors, of which clients tell apart the first two. */
    public enum ErrorClass {
        /** There is no such command, or not now. */
        COMMAND_NOT_FOUND("CommandNotFound"),
        /** There is no such device. */
        DEVICE_NOT_FOUND("DeviceNotFound"),
        /** Anything else. */
        GENERIC_ERROR("GenericError");

        private final String word;

        ErrorClass(String word) {
            this.word = word;
        }

        /** What QMP calls it. */
        public String word() {
            return word;
        }
    }

    /** An error of that class. */
    public QmpException(ErrorClass errorClass, String description) {
        super(description);
        this.errorClass = errorClass;
    }

    /** An error of no particular class. */
    public static QmpException generic(String description) {
        return new QmpException(ErrorClass.GENERIC_ERROR, description);
    }

    /** What {@link ErrorClass#DEVICE_NOT_FOUND} says of {@code device}. */
    public static QmpException deviceNotFound(String device) {
        return new QmpException(ErrorClass.DEVICE_NOT_FOUND, "Device '" + device + "' not found");
    }

    /** Its class. */
    public ErrorClass errorClass() {
        return errorClass;
    }

    Map<String, Object> toTree() {
        return Map.of("class", errorClass.word(), "desc", String.valueOf(getMessage()));
    }
}
