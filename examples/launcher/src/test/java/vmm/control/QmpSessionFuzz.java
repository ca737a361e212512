package vmm.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import vmm.fuzz.SeededInputs;

/** Bytes as any client may send them, in pieces of any size. */
class QmpSessionFuzz {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int LONGEST_PIECE = 64;

    /** Says again what it is told. */
    private static final class Echo implements QmpService {
        @Override
        public Object version() {
            return Map.of();
        }

        @Override
        public List<String> commands() {
            return List.of("echo");
        }

        @Override
        public @Nullable QmpCommand find(String name) {
            return name.equals("echo") ? QmpAnswer::of : null;
        }

        @Override
        public void listen(Consumer<QmpEvent> listener) {}

        @Override
        public void unlisten(Consumer<QmpEvent> listener) {}
    }

    @FuzzTest
    void anyBytesAreAnsweredOrRefused(FuzzedDataProvider data) {
        int[] answers = new int[1];
        QmpSession session = new QmpSession(
                new Echo(),
                line -> {
                    JsonNode answer = MAPPER.readTree(line);
                    assertTrue(answer.has("return") != answer.has("error"), answer::toString);
                    answers[0]++;
                },
                event -> {});
        boolean goesOn = true;
        while (goesOn && data.remainingBytes() > 0) {
            goesOn = session.receive(ByteBuffer.wrap(data.consumeBytes(data.consumeInt(1, LONGEST_PIECE))));
        }
        // A limit is told of outside of any message.
        long beyond = answers[0] - session.answered();
        assertTrue(beyond == 0 || (beyond == 1 && !goesOn), () -> beyond + " answers too many");
        session.close();
    }

    @Test
    void seededInputs() {
        SeededInputs.run(QmpSessionFuzz.class, 5000, this::anyBytesAreAnsweredOrRefused);
    }
}
