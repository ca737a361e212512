package vmm.machine;

import vmm.block.BlockOptions;

/**
 * A block node: an image that the machine has opened under a name, for one of its devices to use.
 *
 * @param name its name among the machine's nodes; the node of a disk that the machine began with is called like it
 * @param image what keeps its data, and how it is opened
 * @param policy how requests of a device are treated that says nothing of it
 */
public record NodeConfig(String name, BlockOptions image, DiskPolicy policy) {}
