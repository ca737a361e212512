package vmm.fuzz;

import com.code_intelligence.jazzer.agent.AgentInstaller;
import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.driver.FuzzedDataProviderImpl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The short run of a fuzz target that every test run does: the same inputs each time, half of them random, half of them
 * made from the target's corpus.
 *
 * <p>A fuzz target is a method of a class whose name ends in {@code Fuzz}, among the tests of a module that depends on
 * this one, beside a test that runs it on seeded inputs:
 *
 * <pre>{@code
 * class ThingFuzz {
 *     @FuzzTest
 *     void anyBytesAreAThingOrRefused(FuzzedDataProvider data) { ... }
 *
 *     @Test
 *     void seededInputs() {
 *         SeededInputs.run(ThingFuzz.class, 1000, this::anyBytesAreAThingOrRefused);
 *     }
 * }
 * }</pre>
 *
 * <p>It fails by an exception. {@code examples/fuzz/fuzz} finds it by its annotation and fuzzes it for real; an
 * ordinary test run replays what is in {@code src/test/resources/PACKAGE/ThingFuzz}{@code Inputs/METHOD}, where the
 * fuzzer leaves the inputs that failed: keep those, with a name that says what they did, when the fault is mended.
 */
public final class SeededInputs {
    private static final long SEED = 20260101;
    private static final int LONGEST = 4096;
    private static final int MOST_MUTATIONS = 8;

    private final Random random = new Random(SEED);
    private final List<byte[]> corpus;

    private SeededInputs(List<byte[]> corpus) {
        this.corpus = corpus;
    }

    /**
     * Calls {@code target} with {@code count} inputs.
     *
     * @param fuzz the class of the target, beside whose class file its corpus is
     * @throws AssertionError if the target throws anything, with the input that made it do so
     */
    @SuppressWarnings("CatchThrowable") // Whatever a target throws is what it found.
    public static void run(Class<?> fuzz, int count, Consumer<FuzzedDataProvider> target) {
        // Jazzer's providers need a part of it that has to be with the JDK's own classes. Nothing is instrumented.
        AgentInstaller.install(false);
        SeededInputs inputs = new SeededInputs(corpus(fuzz));
        for (int i = 0; i < count; i++) {
            byte[] input = inputs.next();
            try {
                target.accept(FuzzedDataProviderImpl.withJavaData(input));
            } catch (Throwable e) {
                throw new AssertionError(
                        "Input " + i + " of " + fuzz.getSimpleName() + " fails; as base64: "
                                + Base64.getEncoder().encodeToString(input),
                        e);
            }
        }
    }

    private static List<byte[]> corpus(Class<?> fuzz) {
        URL folder = fuzz.getResource(fuzz.getSimpleName() + "Inputs");
        if (folder == null) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(Path.of(folder.toURI()))) {
            return files.filter(Files::isRegularFile)
                    .sorted()
                    .map(SeededInputs::read)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] next() {
        if (!corpus.isEmpty() && random.nextBoolean()) {
            return mutated(corpus.get(random.nextInt(corpus.size())));
        }
        // As many short inputs as long ones, on a logarithmic scale.
        byte[] bytes = new byte[1 + (int) Math.pow(LONGEST - 1, random.nextDouble())];
        random.nextBytes(bytes);
        return bytes;
    }

    private byte[] mutated(byte[] seed) {
        int cut = random.nextInt(8) == 0 ? random.nextInt(seed.length + 1) : seed.length;
        byte[] bytes = Arrays.copyOf(seed, cut);
        for (int i = random.nextInt(MOST_MUTATIONS); i > 0 && bytes.length > 0; i--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
                case 1 -> bytes[at] = (byte) random.nextInt();
                default -> bytes[at] = (byte) (random.nextBoolean() ? 0 : -1);
            }
        }
        return bytes;
    }
}
