package vmm.monitor;

/** Where devices are in the tree of objects that QMP shows. */
final class ObjectTree {
    static final String PERIPHERAL = "/machine/peripheral";

    private ObjectTree() {}

    /** The path of a device that has an id. */
    static String device(String id) {
        return PERIPHERAL + "/" + id;
    }

    /** The path of a processor: between the first and the second QEMU has an interrupt controller. */
    static String processor(int index) {
        return "/machine/unattached/device[" + (index == 0 ? 0 : index + 1) + "]";
    }
}
