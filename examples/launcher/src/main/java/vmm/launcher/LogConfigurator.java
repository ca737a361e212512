package vmm.launcher;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.List;
import java.util.Locale;
import vmm.machine.ConfigurationException;

/** Sets the log up in code: logback's own way would read XML while a guest waits for its first instruction. */
public final class LogConfigurator extends ContextAwareBase implements Configurator {
    private static final List<String> LEVELS = List.of("error", "warn", "info", "debug", "trace", "off");

    private static volatile String level = "warn";

    /** For logback, which finds this class as a service. */
    public LogConfigurator() {}

    /** Sets how much is logged. To be called before the first logger is made. */
    static void setLevel(String wanted) {
        String word = wanted.toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(word)) {
            throw new ConfigurationException("--log takes " + String.join(", ", LEVELS) + ", not " + wanted + ".");
        }
        level = word;
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(new Line());

        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();

        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(level));
        root.addAppender(appender);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Level, thread, message: the same shape as the command's own sentences. */
    private static final class Line extends LayoutBase<ILoggingEvent> {
        @Override
        public String doLayout(ILoggingEvent event) {
            String line = "vmm: " + event.getLevel().toString().toLowerCase(Locale.ROOT) + ": [" + event.getThreadName()
                    + "] " + event.getFormattedMessage() + System.lineSeparator();
            return event.getThrowableProxy() == null
                    ? line
                    : line + ThrowableProxyUtil.asString(event.getThrowableProxy());
        }
    }
}
