package vmm.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StructLayoutTest {
    @TempDir
    Path folder;

    @Test
    void theNumbersOfIoUringAreThoseOfTheHeader() throws Exception {
        Map<String, Long> numbers = new LinkedHashMap<>();
        numbers.put("__NR_io_uring_setup", (long) IoUringAbi.SYS_IO_URING_SETUP);
        numbers.put("__NR_io_uring_enter", (long) IoUringAbi.SYS_IO_URING_ENTER);
        numbers.put("IORING_SETUP_CQSIZE", (long) IoUringAbi.IORING_SETUP_CQSIZE);
        numbers.put("IORING_SETUP_CLAMP", (long) IoUringAbi.IORING_SETUP_CLAMP);
        numbers.put("IORING_SETUP_SUBMIT_ALL", (long) IoUringAbi.IORING_SETUP_SUBMIT_ALL);
        numbers.put("IORING_SETUP_COOP_TASKRUN", (long) IoUringAbi.IORING_SETUP_COOP_TASKRUN);
        numbers.put("IORING_SETUP_SINGLE_ISSUER", (long) IoUringAbi.IORING_SETUP_SINGLE_ISSUER);
        numbers.put("IORING_SETUP_DEFER_TASKRUN", (long) IoUringAbi.IORING_SETUP_DEFER_TASKRUN);
        numbers.put("IORING_FEAT_SINGLE_MMAP", (long) IoUringAbi.IORING_FEAT_SINGLE_MMAP);
        numbers.put("IORING_FEAT_NODROP", (long) IoUringAbi.IORING_FEAT_NODROP);
        numbers.put("IORING_FEAT_SUBMIT_STABLE", (long) IoUringAbi.IORING_FEAT_SUBMIT_STABLE);
        numbers.put("IORING_FEAT_RSRC_TAGS", (long) IoUringAbi.IORING_FEAT_RSRC_TAGS);
        numbers.put("IORING_OFF_SQ_RING", IoUringAbi.IORING_OFF_SQ_RING);
        numbers.put("IORING_OFF_SQES", IoUringAbi.IORING_OFF_SQES);
        numbers.put("IORING_ENTER_GETEVENTS", (long) IoUringAbi.IORING_ENTER_GETEVENTS);
        numbers.put("IORING_OP_READV", (long) IoUringAbi.IORING_OP_READV);
        numbers.put("IORING_OP_WRITEV", (long) IoUringAbi.IORING_OP_WRITEV);
        numbers.put("IORING_OP_FSYNC", (long) IoUringAbi.IORING_OP_FSYNC);
        numbers.put("IORING_OP_POLL_ADD", (long) IoUringAbi.IORING_OP_POLL_ADD);
        numbers.put("IORING_OP_ASYNC_CANCEL", (long) IoUringAbi.IORING_OP_ASYNC_CANCEL);
        numbers.put("IORING_FSYNC_DATASYNC", (long) IoUringAbi.IORING_FSYNC_DATASYNC);
        numbers.put("IORING_POLL_ADD_MULTI", (long) IoUringAbi.IORING_POLL_ADD_MULTI);
        numbers.put("IORING_CQE_F_MORE", (long) IoUringAbi.IORING_CQE_F_MORE);
        numbers.put("POLLIN", (long) IoUringAbi.POLLIN);
        numbers.put("sizeof(struct io_uring_params)", (long) IoUringAbi.PARAMS_SIZE);
        numbers.put("offsetof(struct io_uring_params, sq_entries)", (long) IoUringAbi.PARAMS_SQ_ENTRIES);
        numbers.put("offsetof(struct io_uring_params, cq_entries)", (long) IoUringAbi.PARAMS_CQ_ENTRIES);
        numbers.put("offsetof(struct io_uring_params, flags)", (long) IoUringAbi.PARAMS_FLAGS);
        numbers.put("offsetof(struct io_uring_params, features)", (long) IoUringAbi.PARAMS_FEATURES);
        numbers.put("offsetof(struct io_uring_params, sq_off)", (long) IoUringAbi.PARAMS_SQ_OFF);
        numbers.put("offsetof(struct io_uring_params, cq_off)", (long) IoUringAbi.PARAMS_CQ_OFF);
        numbers.put("offsetof(struct io_sqring_offsets, head)", (long) IoUringAbi.SQ_OFF_HEAD);
        numbers.put("offsetof(struct io_sqring_offsets, tail)", (long) IoUringAbi.SQ_OFF_TAIL);
        numbers.put("offsetof(struct io_sqring_offsets, array)", (long) IoUringAbi.SQ_OFF_ARRAY);
        numbers.put("offsetof(struct io_cqring_offsets, head)", (long) IoUringAbi.CQ_OFF_HEAD);
        numbers.put("offsetof(struct io_cqring_offsets, tail)", (long) IoUringAbi.CQ_OFF_TAIL);
        numbers.put("offsetof(struct io_cqring_offsets, cqes)", (long) IoUringAbi.CQ_OFF_CQES);
        numbers.put("sizeof(struct io_uring_sqe)", (long) IoUringAbi.SQE_SIZE);
        numbers.put("offsetof(struct io_uring_sqe, opcode)", (long) IoUringAbi.SQE_OPCODE);
        numbers.put("offsetof(struct io_uring_sqe, fd)", (long) IoUringAbi.SQE_FD);
        numbers.put("offsetof(struct io_uring_sqe, off)", (long) IoUringAbi.SQE_OFF);
        numbers.put("offsetof(struct io_uring_sqe, addr)", (long) IoUringAbi.SQE_ADDR);
        numbers.put("offsetof(struct io_uring_sqe, len)", (long) IoUringAbi.SQE_LEN);
        numbers.put("offsetof(struct io_uring_sqe, fsync_flags)", (long) IoUringAbi.SQE_OP_FLAGS);
        numbers.put("offsetof(struct io_uring_sqe, user_data)", (long) IoUringAbi.SQE_USER_DATA);
        numbers.put("sizeof(struct io_uring_cqe)", (long) IoUringAbi.CQE_SIZE);
        numbers.put("offsetof(struct io_uring_cqe, user_data)", (long) IoUringAbi.CQE_USER_DATA);
        numbers.put("offsetof(struct io_uring_cqe, res)", (long) IoUringAbi.CQE_RES);
        numbers.put("offsetof(struct io_uring_cqe, flags)", (long) IoUringAbi.CQE_FLAGS);
        assertSameAsC(List.of("linux/io_uring.h", "poll.h", "sys/syscall.h"), numbers);
    }

    @Test
    void theStructsOfFilesAreThoseOfTheHeaders() throws Exception {
        Map<String, Long> numbers = new LinkedHashMap<>();
        numbers.put("sizeof(struct statx)", (long) FileStatus.STATX_SIZE);
        numbers.put("offsetof(struct statx, stx_mode)", (long) FileStatus.STATX_MODE);
        numbers.put("offsetof(struct statx, stx_ino)", (long) FileStatus.STATX_INO);
        numbers.put("offsetof(struct statx, stx_size)", (long) FileStatus.STATX_FILE_SIZE);
        numbers.put("offsetof(struct statx, stx_blocks)", (long) FileStatus.STATX_BLOCKS);
        numbers.put("sizeof(struct statfs)", (long) FileStatus.STATFS_SIZE);
        numbers.put("offsetof(struct statfs, f_type)", (long) FileStatus.STATFS_TYPE);
        numbers.put("offsetof(struct statfs, f_bavail)", (long) FileStatus.STATFS_BAVAIL);
        numbers.put("offsetof(struct statfs, f_frsize)", (long) FileStatus.STATFS_FRSIZE);
        numbers.put("sizeof(struct flock)", (long) FileLock.FLOCK_SIZE);
        numbers.put("offsetof(struct flock, l_type)", (long) FileLock.FLOCK_TYPE);
        numbers.put("offsetof(struct flock, l_start)", (long) FileLock.FLOCK_START);
        numbers.put("offsetof(struct flock, l_len)", (long) FileLock.FLOCK_LEN);
        numbers.put("sizeof(struct iovec)", (long) IoVector.ENTRY_SIZE);
        assertSameAsC(List.of("fcntl.h", "sys/stat.h", "sys/vfs.h", "sys/uio.h"), numbers);
    }

    /** Lets the C compiler say what each expression is. */
    private void assertSameAsC(List<String> headers, Map<String, Long> numbers) throws Exception {
        String includes =
                headers.stream().map(name -> "#include <" + name + ">\n").collect(Collectors.joining());
        String prints = numbers.keySet().stream()
                .map(expression -> "printf(\"%lld\\n\", (long long) (" + expression + "));\n")
                .collect(Collectors.joining());
        Path source = folder.resolve("numbers.c");
        Files.writeString(
                source,
                "#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdio.h>\n" + includes + "int main() {\n" + prints
                        + "}\n");
        Path program = folder.resolve("numbers");
        assumeTrue(gcc().length() > 0, "gcc is not installed");
        assertEquals(List.of(), run(gcc(), "-o", program.toString(), source.toString()));
        List<String> printed = run(program.toString());
        Map<String, Long> actual = new LinkedHashMap<>();
        for (String expression : numbers.keySet()) {
            actual.put(expression, Long.valueOf(printed.get(actual.size())));
        }
        assertEquals(actual, numbers);
    }

    private static String gcc() {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                .map(folder -> folder + "/gcc")
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst()
                .orElse("");
    }

    private static List<String> run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (var output = process.inputReader()) {
            return output.lines().toList();
        }
    }
}
