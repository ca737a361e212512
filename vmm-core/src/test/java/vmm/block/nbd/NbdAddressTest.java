package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import vmm.linux.HostException;

class NbdAddressTest {
    @Test
    void theExamplesOfTheUriDocumentMeanWhatItSays() {
        export("disk", "nbd://example.com/disk");
        export("disk", "nbd+unix:///disk?socket=sock");
        export("", "nbd://example.com/");
        export("", "nbd://example.com");
        export("/disk", "nbd://example.com//disk");
        export("hello world", "nbd://example.com/hello%20world");
        export("größe", "nbd://example.com/gr%C3%B6%C3%9Fe");
    }

    @Test
    void hostsAndPortsAreFound() {
        assertEquals("example.com", NbdAddress.parse("nbd://example.com").host());
        assertEquals(10809, NbdAddress.parse("nbd://example.com").port());
        assertEquals(1234, NbdAddress.parse("NBD://example.com:1234/x").port());
        assertEquals("[::1]", NbdAddress.parse("nbd://[::1]:1234/x").host());
        assertEquals("localhost", NbdAddress.parse("nbd:///x").host());
    }

    @Test
    void localSocketsAreFound() {
        assertEquals(
                "/run/a b+c.sock",
                NbdAddress.parse("nbd+unix:///?socket=/run/a%20b+c.sock").socket());
        assertEquals(
                "\0abstract",
                NbdAddress.parse("nbd+unix:///?socket=%00abstract").socket());
    }

    @Test
    void timesAreFound() {
        NbdAddress address = NbdAddress.parse("nbd://h?x-reconnect=0&x-timeout=5");
        assertEquals(0, address.reconnectSeconds());
        assertEquals(5, address.timeoutSeconds());
        assertEquals(30, NbdAddress.parse("nbd://h").reconnectSeconds());
        assertEquals(30, NbdAddress.parse("nbd://h").timeoutSeconds());
    }

    @Test
    void whatIsMeantAsAnAddressIsTakenForOne() {
        assertTrue(NbdAddress.isMeantBy("nbds://h"));
        assertTrue(NbdAddress.isMeantBy("nbd+tcp://h"));
        assertTrue(NbdAddress.isMeantBy("nbd:h:1"));
        assertFalse(NbdAddress.isMeantBy("nbd.img"));
        assertFalse(NbdAddress.isMeantBy("./nbd:h"));
    }

    @Test
    void badAddressesAreExplained() {
        refused("nbds://h/x", "wants TLS, which this VMM does not have");
        refused("nbds+unix:///?socket=x", "wants TLS");
        refused("nbd://h?tls-type=x509", "wants TLS");
        refused("nbd://user@h/", "no host name or address");
        refused("nbd://h:99999", "no port from 1 to 65535");
        refused("nbd://h:0", "no port from 1 to 65535");
        refused("nbd://h h", "is no address");
        refused("nbd:h:1", "is no address that NBD has");
        refused("nbd+tcp://h", "is no address that NBD has");
        refused("nbd+unix:///x", "does not say which socket");
        refused("nbd+unix://x?socket=y", "three slashes");
        refused("nbd://h?socket=y", "names a socket, but is not nbd+unix");
        refused("nbd+unix:///?socket=" + "x".repeat(108), "more than 107 bytes");
        refused("nbd://h/a%00b", "name that no server can have");
        refused("nbd://h?x-reconnect=soon", "no number of seconds from 0 to 86400 at x-reconnect");
        refused("nbd://h?x-timeout=0", "no number of seconds from 1 to 86400 at x-timeout");
        refused("nbd://h?x-timeout=1&x-timeout=2", "a parameter x-timeout twice");
        refused("nbd://h?colour=red", "a parameter colour that is not known");
        refused("nbd://h#x", "is no address that NBD has");
    }

    private static void export(String name, String uri) {
        assertEquals(name, NbdAddress.parse(uri).export());
    }

    private static void refused(String uri, String why) {
        HostException refusal = assertThrows(HostException.class, () -> NbdAddress.parse(uri), uri);
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.startsWith("Disk " + uri + " ") && message.contains(why), message);
    }
}
