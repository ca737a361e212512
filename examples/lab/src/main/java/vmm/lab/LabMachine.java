package vmm.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.linux.HostException;

/** The emulated machine, L1: its command line, and how it is started and killed. */
final class LabMachine {
    private LabMachine() {}

    /**
     * Starts the emulator as a daemon. It ends when L1 powers off, panics, or stops feeding its watchdog, and so needs
     * nobody to look after it.
     */
    static void start(LabConfig config, LabDirectory directory, LabImages images) {
        List<String> command = commandLine(config, directory, images);
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new HostException("The lab's emulator did not start: " + output);
            }
        } catch (IOException e) {
            throw new HostException("Cannot run " + command.getFirst() + "; install the package qemu-system-x86.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("The lab's start was interrupted.", e);
        }
    }

    private static List<String> commandLine(LabConfig config, LabDirectory directory, LabImages images) {
        List<String> line = new ArrayList<>(List.of(
                images.emulator().toString(),
                "-name",
                "vmm-lab",
                "-daemonize",
                "-pidfile",
                directory.pidFile().toString(),
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-serial",
                "file:" + directory.console(),
                "-no-reboot",
                "-accel",
                "tcg,thread=multi",
                // Without 5-level paging: one level less to walk, twice over under nested paging. Without XSAVE: the
                // emulator lets a nested guest set XCR0 behind KVM's back, and Linux then warns of its state. So
                // without
                // AVX and what builds on it, which Linux would use for encryption whether there is XSAVE or not.
                "-cpu",
                "max,+svm,la57=off,pmu=off,xsave=off,avx=off,avx2=off,f16c=off,fma=off,vaes=off",
                "-smp",
                Integer.toString(config.vcpus()),
                "-m",
                Integer.toString(config.memoryMiB()),
                "-kernel",
                images.kernel().image().toString(),
                "-initrd",
                directory.initramfs().toString(),
                "-append",
                "console=ttyS0 quiet panic=-1 mitigations=off softlockup_panic=1 oops=panic tsc=reliable no_timer_check"
                        + " watchdog_thresh=30 random.trust_cpu=on",
                "-virtfs",
                "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
                "-virtfs",
                "local,path=" + escape(config.share()) + ",mount_tag=share,security_model=none,multidevs=remap",
                "-device",
                "i6300esb",
                "-action",
                "watchdog=poweroff",
                "-device",
                "virtio-serial-pci,max_ports=" + (LabDirectory.PORTS + 1)));
        for (int port = 0; port < LabDirectory.PORTS; port++) {
            line.add("-chardev");
            line.add("socket,id=port" + port + ",server=on,wait=off,path=" + escape(directory.port(port)));
            line.add("-device");
            line.add("virtserialport,chardev=port" + port + ",name=" + vmm.lab.agent.Agent.PORT_NAME + port);
        }
        return line;
    }

    /** QEMU's option syntax doubles a comma that is meant. */
    private static String escape(Path path) {
        return path.toString().replace(",", ",,");
    }

    /** Kills the emulator of a lab that does not answer. */
    static void kill(LabDirectory directory) {
        directory.emulator().ifPresent(emulator -> {
            emulator.destroyForcibly();
            emulator.onExit().join();
        });
    }

    /** The last lines that L1's kernel said. */
    static String lastWords(LabDirectory directory) {
        try {
            List<String> lines = Files.readAllLines(directory.console(), StandardCharsets.ISO_8859_1);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 12), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }
}
