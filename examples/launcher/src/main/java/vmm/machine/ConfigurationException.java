package vmm.machine;

/**
 * The machine that a user described cannot exist. The message is one sentence that names the culprit and the remedy;
 * the launcher prints it and exits with status 2.
 */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** A contradiction, or a value that is none. */
    public ConfigurationException(String message) {
        super(message);
    }
}
