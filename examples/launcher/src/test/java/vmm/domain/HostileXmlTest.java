package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static vmm.domain.Descriptions.contains;
import static vmm.domain.Descriptions.disk;
import static vmm.domain.Descriptions.domain;
import static vmm.domain.Descriptions.refused;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.machine.ConfigurationException;

/** Descriptions that are meant to do harm: they are refused in a sentence, soon, and nothing else is read for them. */
class HostileXmlTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    private Path folder;

    private static ConfigurationException refusal(byte[] xml) {
        return assertTimeout(
                SOON,
                () -> assertThrows(
                        ConfigurationException.class,
                        () -> Descriptions.plan(DomainXml.parse("test.xml", xml, Optional.empty()))));
    }

    @Test
    void anEntityThatGrowsIsRefused() {
        StringBuilder xml = new StringBuilder("<!DOCTYPE domain [<!ENTITY a 'aaaaaaaaaa'>");
        for (char name = 'b'; name < 'z'; name++) {
            xml.append("<!ENTITY ")
                    .append(name)
                    .append(" '")
                    .repeat("&" + (char) (name - 1) + ";", 10)
                    .append("'>");
        }
        refused(xml + "]><domain><name>&y;</name></domain>", "document type or entity");
    }

    @Test
    void aFileOfTheHostIsNotRead() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "SECRET");
        for (String declaration : new String[] {
            "<!DOCTYPE domain [<!ENTITY x SYSTEM '" + secret.toUri() + "'>]>",
            "<!DOCTYPE domain SYSTEM '" + secret.toUri() + "'>",
            "<!DOCTYPE domain [<!ENTITY % x SYSTEM '" + secret.toUri() + "'> %x;]>",
            ""
        }) {
            ConfigurationException refused =
                    refusal((declaration + "<domain><name>&x;</name></domain>").getBytes(StandardCharsets.UTF_8));
            assertFalse(String.valueOf(refused.getMessage()).contains("SECRET"), refused.getMessage());
        }
    }

    @Test
    void nobodyIsAskedOnTheNetwork() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            server.setSoTimeout(200);
            String address = "http://127.0.0.1:" + server.getLocalPort() + "/x";
            for (String xml : new String[] {
                "<!DOCTYPE domain SYSTEM '" + address + "'><domain/>",
                "<!DOCTYPE domain [<!ENTITY x SYSTEM '" + address + "'>]><domain>&x;</domain>",
                "<?xml-stylesheet href='" + address + "'?><domain xmlns:xi='http://www.w3.org/2001/XInclude'>"
                        + "<xi:include href='" + address + "'/></domain>"
            }) {
                refusal(xml.getBytes(StandardCharsets.UTF_8));
            }
            assertThrows(java.net.SocketTimeoutException.class, server::accept);
        }
    }

    @Test
    void whatIsTooLargeOrTooDeepIsRefused() {
        contains(refusal(new byte[XmlReader.MOST_BYTES + 1]), "is larger than a description of a machine can be");
        contains(refusal(("<a>" + "<b/>".repeat(XmlReader.MOST_ELEMENTS)).getBytes(StandardCharsets.UTF_8)), "larger");
        contains(refusal("<a>".repeat(1_000_000).getBytes(StandardCharsets.UTF_8)), "more than 64 elements");
        contains(refusal(("<a " + "b=''".repeat(1_000_000)).getBytes(StandardCharsets.UTF_8)), "no XML");
    }

    @Test
    void aFileThatNeverEndsIsRefused() {
        contains(
                assertTimeout(
                        SOON,
                        () -> assertThrows(
                                ConfigurationException.class,
                                () -> DomainXml.parse(Path.of("/dev/zero"), Optional.empty()))),
                "larger than");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{\"execute\": \"quit\"}",
                "<domain",
                "<domain>",
                "<domain></disk>",
                "<domain a='1' a='2'/>",
                "<domain>\u0001</domain>",
                "<x:domain/>",
                "<domain>&lt",
                "<?xml version='1.1'?><!-- -- --><domain/>"
            })
    void whatIsNoXmlIsRefused(String text) {
        refusal(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        contains(refusal(new byte[] {'<', 'a', (byte) 0xff, (byte) 0xfe, '>'}), "UTF-8");
        contains(refusal("<domain/>".getBytes(StandardCharsets.UTF_16)), "UTF-8");
    }

    /** Ten thousand of them are no fault; where each has a place of its own, each is a disk. */
    @Test
    void tenThousandDisksAreTakenOrRefusedSoon() {
        StringBuilder placed = new StringBuilder();
        StringBuilder open = new StringBuilder();
        StringBuilder virtio = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            placed.append(disk(
                    DiskNames.of("sd", i), "<address type='drive' target='" + i % 250 + "' unit='" + i / 250 + "'/>"));
            open.append(disk(DiskNames.of("sd", i), ""));
            virtio.append(disk(DiskNames.of("vd", i), ""));
        }
        assertEquals(
                10_000,
                assertTimeout(SOON, () -> Descriptions.plan(Descriptions.parseText(domain(placed.toString()))))
                        .disks()
                        .size());
        contains(refusal(domain(open.toString()).getBytes(StandardCharsets.UTF_8)), "Controller");
        contains(refusal(domain(virtio.toString()).getBytes(StandardCharsets.UTF_8)), "no free PCI slot");
    }

    @Test
    void aWarningStaysASentence() {
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            many.append("<x").append(i).append("/>");
        }
        String warning =
                Descriptions.parseText(domain(many.toString())).warning().orElseThrow();
        assertEquals(true, warning.endsWith("x39 and 960 more."), warning);
    }
}
