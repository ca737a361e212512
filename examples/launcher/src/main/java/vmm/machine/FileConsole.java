package vmm.machine;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.HostException;
import vmm.platform.Uart16550;

/** A console of which only the output is kept, or not even that. */
final class FileConsole implements Console {
    private static final Logger log = LoggerFactory.getLogger(FileConsole.class);

    private final OutputStream output;
    private boolean failed;

    private FileConsole(OutputStream output) {
        this.output = output;
    }

    static FileConsole open(Path file) {
        try {
            return new FileConsole(new FileOutputStream(file.toFile()));
        } catch (IOException e) {
            throw new HostException("Cannot write the serial port's output: " + e.getMessage() + ".", e);
        }
    }

    static FileConsole discard() {
        return new FileConsole(OutputStream.nullOutputStream());
    }

    @Override
    public void write(byte[] data, int length) {
        try {
            output.write(data, 0, length);
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                log.warn("The serial port's output is lost from here on: {}.", e.getMessage());
            }
        }
    }

    @Override
    public void connect(Uart16550 uart) {
        // Nobody types.
    }

    @Override
    public void close() {
        try {
            output.close();
        } catch (IOException e) {
            log.warn("The serial port's output may be incomplete: {}.", e.getMessage());
        }
    }
}
