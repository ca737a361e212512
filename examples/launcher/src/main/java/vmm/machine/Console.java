package vmm.machine;

import vmm.linux.HostException;
import vmm.platform.SerialSink;
import vmm.platform.Uart16550;

/**
 * The host's end of a serial line: takes what the guest sends, and feeds what the user types to the UART that is
 * connected. It outlives a reset of the machine, which has a new UART each time.
 *
 * <p>Closing it leaves the terminal as it was and removes the socket; any thread may do so.
 */
sealed interface Console extends SerialSink, AutoCloseable permits FileConsole, SocketConsole, StdioConsole {
    /**
     * Opens the host's end.
     *
     * @throws HostException if the file or socket cannot be made
     */
    static Console open(SerialConfig config) {
        return switch (config) {
            case SerialConfig.Stdio stdio -> StdioConsole.open();
            case SerialConfig.ToFile file -> FileConsole.to(file.file());
            case SerialConfig.UnixSocket socket -> SocketConsole.open(socket.path());
            case SerialConfig.None none -> FileConsole.discard();
        };
    }

    /**
     * Sends what is typed from now on to {@code uart}, whose machine starts.
     *
     * @throws HostException if output has nowhere to go
     */
    void connect(Uart16550 uart);

    /**
     * Loses all output from now on, and what waits for a reader that does not read: nobody outside may keep a machine
     * from being stopped. Any thread, more than once.
     */
    void hangUp();

    @Override
    void close();
}
