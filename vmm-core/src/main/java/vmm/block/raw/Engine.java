package vmm.block.raw;

import vmm.block.BlockOptions.Aio;
import vmm.event.EventLoop;
import vmm.event.FileOperations;

/** How requests reach a file. */
enum Engine {
    /**
     * By the worker itself. Right for files in memory: they never make it wait, and io_uring would hand each request to
     * a thread of the kernel, which takes several times longer than the copy.
     */
    SYNCHRONOUS {
        @Override
        FileOperations of(EventLoop loop) {
            return loop.immediate();
        }
    },
    /**
     * By the loop's own operations: its io_uring, in which requests wait side by side. What is in the page cache is
     * read there and then, while the batch is handed over.
     */
    RING {
        @Override
        FileOperations of(EventLoop loop) {
            return loop;
        }
    },
    /** By a pool of threads. */
    THREADS {
        @Override
        FileOperations of(EventLoop loop) {
            return loop.threads();
        }
    };

    /** The engine's way into the kernel from {@code loop}'s thread, which calls. */
    abstract FileOperations of(EventLoop loop);

    /** What the user wants, or what suits the file best. */
    static Engine suiting(ImageFile file, Aio wanted) {
        return switch (wanted) {
            case IO_URING -> RING;
            case THREADS -> THREADS;
            case AUTO -> file.inMemory() ? SYNCHRONOUS : RING;
        };
    }
}
