package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilterDiskTest {
    @Test
    void aFilterPassesOnEverythingThatADiskCanBeAsked() {
        List<Method> notPassedOn = Arrays.stream(BlockDevice.class.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !method.getName().equals("openQueue"))
                .filter(method -> !isDeclared(method))
                .toList();
        assertEquals(List.of(), notPassedOn);
    }

    private static boolean isDeclared(Method method) {
        return Arrays.stream(FilterDisk.class.getDeclaredMethods())
                .anyMatch(own -> own.getName().equals(method.getName())
                        && Arrays.equals(own.getParameterTypes(), method.getParameterTypes()));
    }

    @Test
    void closingAFilterClosesItsDisk() {
        FakeDisk disk = new FakeDisk(512);
        new ThrottledDisk(disk, new ThrottleGroup(ThrottleLimits.NONE)).close();
        assertTrue(disk.closed());
    }
}
