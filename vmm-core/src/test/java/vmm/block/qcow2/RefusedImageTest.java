package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.linux.HostException;

/**
 * Images that cannot be used are refused before a guest runs: one sentence names the image, the trouble, the remedy.
 */
class RefusedImageTest {
    private static final int CLUSTER_BITS = 12;

    @TempDir
    Path folder;

    private Path write(String name, byte[] image) throws IOException {
        return Files.write(folder.resolve(name), image);
    }

    private static byte[] blank(String backing) {
        return new BlankImage(3, CLUSTER_BITS, 4, false, 1 << 20, backing).bytes();
    }

    /** What is said of an image that is not opened, and left as it was. */
    private static String refusal(Path image) throws IOException {
        byte[] before = Files.readAllBytes(image);
        HostException thrown = assertThrows(
                HostException.class, () -> Images.open(image, false).close());
        String sentence = String.valueOf(thrown.getMessage());
        assertTrue(sentence.startsWith("Disk " + image + " "), sentence);
        assertTrue(sentence.endsWith("."), sentence);
        assertEquals(1, sentence.lines().count(), sentence);
        assertFalse(sentence.contains("null"), sentence);
        assertTrue(Arrays.equals(before, Files.readAllBytes(image)), "the image was changed");
        return sentence;
    }

    private static void assertSays(String sentence, String... parts) {
        for (String part : parts) {
            assertTrue(sentence.contains(part), () -> "no '" + part + "' in: " + sentence);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // field, its offset, its value in hexadecimal, how it is named, what is wrong
        "magic, 0, 514649FA, it does not begin like one, format=raw",
        "version, 4, 00000001, version 1, qemu-img convert",
        "version, 4, 00000004, version 4, qemu-img convert",
        "version, 4, FFFFFFFF, version 4294967295, qemu-img convert",
        "backing_file_offset, 8, 0000000000000010, backing_file_size is 0, not 1 to 1023",
        "cluster_bits, 20, 00000008, cluster_bits is 8, not 9 to 21",
        "cluster_bits, 20, 00000016, cluster_bits is 22, not 9 to 21",
        "cluster_bits, 20, FFFFFFFF, cluster_bits is 4294967295, not 9 to 21",
        "size, 24, 0000000000000000, is empty, qemu-img resize",
        "size, 24, 0000000000000001, size is 1, multiple of 512",
        "size, 24, FFFFFFFFFFFFFE00, size is 18446744073709551104, below 8 EiB",
        "size, 24, 7FFFFFFFFFFFFE00, l1_size is 1, that the disk's size needs",
        "crypt_method, 32, 00000001, encrypted (AES), qemu-img convert",
        "crypt_method, 32, 00000002, encrypted (LUKS), qemu-img convert",
        "crypt_method, 32, 00000003, crypt_method is 3, 'not 0, 1 or 2'",
        "l1_size, 36, 00000000, l1_size is 0, less than the 1 entries",
        "l1_size, 36, FFFFFFFF, l1_size is 4294967295, more than",
        "l1_table_offset, 40, 0000000000000000, l1_table_offset is 0, not the start of a cluster",
        "l1_table_offset, 40, 0000000000003001, l1_table_offset is 12289, not the start of a cluster",
        "l1_table_offset, 40, 0000000000001000, refcount_table_offset is 4096, another structure",
        "l1_table_offset, 40, 0000000010000000, l1_table_offset is 268435456, beyond the end of the file",
        "l1_table_offset, 40, FFFFFFFFFFFFF000, l1_table_offset is 18446744073709547520, not the start",
        "refcount_table_offset, 48, 0000000000000000, refcount_table_offset is 0, not the start of a cluster",
        "refcount_table_offset, 48, 0000000000001200, refcount_table_offset is 4608, not the start of a cluster",
        "refcount_table_offset, 48, 0000000000003000, refcount_table_offset is 12288, another structure",
        "refcount_table_offset, 48, 7FFFFFFFFFFFF000, refcount_table_offset is, beyond the end of the file",
        "refcount_table_clusters, 56, 00000000, refcount_table_clusters is 0, not 1 to 2048",
        "refcount_table_clusters, 56, FFFFFFFF, refcount_table_clusters is 4294967295, not 1 to 2048",
        "nb_snapshots, 60, 00010001, nb_snapshots is 65537, more than 65536",
        "nb_snapshots, 60, FFFFFFFF, nb_snapshots is 4294967295, more than 65536",
        "nb_snapshots, 60, 00000001, snapshots_offset is 0, not the start of a cluster",
        "incompatible_features, 72, 0000000000000002, was found damaged, qemu-img check -r all",
        "incompatible_features, 72, 0000000000000004, another file (data_file), qemu-img convert",
        "incompatible_features, 72, 0000000000000008, compression_type is 0, contradicts",
        "incompatible_features, 72, 0000000000000010, cluster_bits is 12, extended L2",
        "incompatible_features, 72, 0000000000000020, incompatible_features bit 5, qemu-img convert",
        "incompatible_features, 72, 8000000000000000, incompatible_features bit 63, qemu-img convert",
        "refcount_order, 96, 00000007, refcount_order is 7, not 0 to 6",
        "refcount_order, 96, FFFFFFFF, refcount_order is 4294967295, not 0 to 6",
        "header_length, 100, 00000060, header_length is 96, multiple of 8 from 104",
        "header_length, 100, 0000006C, header_length is 108, multiple of 8 from 104",
        "header_length, 100, FFFFFFF8, header_length is, multiple of 8 from 104",
        "extension, 104, 1234567800002000, the length of header extension 0x12345678, more than there is room for",
        "extension, 104, 12345678FFFFFFFF, the length of header extension 0x12345678, 4294967295",
    })
    void aHeaderFieldThatCannotBeIsNamed(String field, int offset, String value, String named, String wrong)
            throws IOException {
        byte[] image = blank("");
        byte[] bytes = HexFormat.of().parseHex(value);
        System.arraycopy(bytes, 0, image, offset, bytes.length);
        assertSays(refusal(write(field, image)), named, wrong);
    }

    @Test
    void aCompressionThatNobodyKnowsIsRefused() throws IOException {
        byte[] image = blank("");
        ByteBuffer.wrap(image).putLong(72, 8).putInt(100, 112).put(104, (byte) 2);
        assertSays(refusal(write("compression", image)), "compression_type is 2", "neither 0 (zlib) nor 1 (zstd)");
    }

    @Test
    void aFeatureIsCalledByTheNameThatTheImageGivesIt() throws IOException {
        byte[] image = blank("");
        ByteBuffer bytes = ByteBuffer.wrap(image).putLong(72, 1L << 40);
        bytes.putInt(104, 0x6803F857).putInt(108, 48).put(113, (byte) 40);
        bytes.put(114, "time travel".getBytes(StandardCharsets.UTF_8));
        assertSays(refusal(write("feature", image)), "time travel", "incompatible_features bit 40");
    }

    @Test
    void backingNamesOutsideTheHeaderAreRefused() throws IOException {
        byte[] image = blank("base.img");
        ByteBuffer.wrap(image).putInt(16, 1024);
        assertSays(refusal(write("size", image)), "backing_file_size is 1024", "not 1 to 1023");
        ByteBuffer.wrap(image).putInt(16, 8).putLong(8, 1 << CLUSTER_BITS);
        assertSays(refusal(write("offset", image)), "backing_file_offset is 4096", "outside the first cluster");
        ByteBuffer.wrap(image).putLong(8, -8);
        assertSays(refusal(write("negative", image)), "backing_file_offset is 18446744073709551608", "outside");
    }

    @Test
    void aFileThatEndsWithinItsHeaderIsRefused() throws IOException {
        for (int length : new int[] {4, 23, 71, 103}) {
            String sentence = refusal(write("cut-" + length, Arrays.copyOf(blank(""), length)));
            assertTrue(sentence.contains("qcow2"), sentence);
        }
    }

    @Test
    void aBackingFileThatIsMissingIsNamedWithItsRemedy() throws IOException {
        Path image = write("top", blank("gone.img"));
        assertSays(refusal(image), "gone.img", "not there", "qemu-img rebase -u -b FILE -F raw " + image);
    }

    @Test
    void aBackingFileOfNoToldFormatIsNotGuessed() throws IOException {
        write("base.img", new byte[1 << 16]);
        byte[] image = blank("base.img");
        ByteBuffer.wrap(image).putInt(104, 0x12345678);
        assertSays(
                refusal(write("top", image)), "base.img", "does not tell", "qemu-img rebase -u -b base.img -F FORMAT");
        ByteBuffer.wrap(image).putInt(104, 0xE2792ACA).put(112, "vdi".getBytes(StandardCharsets.UTF_8));
        assertSays(refusal(write("vdi", image)), "format vdi", "qemu-img convert");
    }

    @Test
    void aBackingFileByAnUnknownWayIsRefused() throws IOException {
        assertSays(refusal(write("json", blank("json:{\"driver\":\"file\"}"))), "json:", "does not know");
        assertSays(refusal(write("http", blank("http://host/base"))), "http://host/base", "does not know");
    }

    /** A chain of three, of which the last leads to the first. */
    @Test
    void aChainThatBitesItsTailHasNoEnd() throws IOException {
        for (String[] link : new String[][] {{"a", "b"}, {"b", "c"}, {"c", "a"}}) {
            byte[] image = blank(link[1]);
            ByteBuffer.wrap(image).putInt(108, 5).put(112, "qcow2".getBytes(StandardCharsets.UTF_8));
            write(link[0], image);
        }
        assertSays(refusal(folder.resolve("a")), folder.resolve("c") + " has the backing file a", "no end", "rebase");
        byte[] own = blank("self");
        ByteBuffer.wrap(own).putInt(108, 5).put(112, "qcow2".getBytes(StandardCharsets.UTF_8));
        assertSays(refusal(write("self", own)), "has the backing file self", "no end");
        // By another name for the same file.
        Files.createSymbolicLink(folder.resolve("alias"), folder.resolve("self"));
        assertSays(refusal(folder.resolve("alias")), "no end");
    }

    @Test
    void aDamagedImageBehindAnotherIsNamedAsWell() throws IOException {
        byte[] base = blank("");
        ByteBuffer.wrap(base).putInt(36, -1);
        write("base", base);
        byte[] image = blank("base");
        ByteBuffer.wrap(image).putInt(108, 5).put(112, "qcow2".getBytes(StandardCharsets.UTF_8));
        assertSays(
                refusal(write("top", image)),
                "cannot be used without its backing file",
                folder.resolve("base") + " has a damaged qcow2 header: l1_size");
    }

    @ParameterizedTest
    @CsvSource({"aes, AES", "luks, LUKS"})
    void whatQemuHasEncryptedIsRefused(String method, String named) throws IOException {
        QemuTools.assumeThere();
        Path image = folder.resolve("secret");
        QemuTools.Result made = encrypted(image, method);
        // It times its key derivation, and gives up if it got too little of a processor for that.
        for (int i = 0; i < 4 && made.output().contains("Unable to get accurate CPU usage"); i++) {
            made = encrypted(image, method);
        }
        assumeTrue(made.status() == 0, made.output());
        assertSays(refusal(image), "encrypted (" + named + ")", "qemu-img convert");
    }

    private static QemuTools.Result encrypted(Path image, String method) throws IOException {
        return QemuTools.run(List.of(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "--object",
                "secret,id=s,data=abcdefgh12345678",
                "-o",
                "encrypt.format=" + method + ",encrypt.key-secret=s",
                image.toString(),
                "1M"));
    }

    @Test
    void anExternalDataFileIsRefused() throws IOException {
        QemuTools.assumeThere();
        Path image = folder.resolve("image");
        QemuTools.img(
                "create", "-q", "-f", "qcow2", "-o", "data_file=" + folder.resolve("data"), image.toString(), "1M");
        assertSays(refusal(image), "another file (data_file)", "qemu-img convert");
    }
}
