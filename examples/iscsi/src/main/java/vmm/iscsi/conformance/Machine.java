package vmm.iscsi.conformance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A virtual machine whose guest runs the suite: one thin disk behind two controllers, a removable and a read-only one,
 * and one with 8 logical blocks in a physical one. The controllers take 32 MiB at once, as some tests want to read.
 */
enum Machine {
    OURS {
        @Override
        List<String> command(Path vmm, Path kernel, Path initrd) {
            List<String> command = new ArrayList<>(List.of(vmm.toString(), "run", "--no-reboot", "--memory", "512M"));
            command.addAll(List.of("--kernel", kernel.toString(), "--initrd", initrd.toString(), "--append", APPEND));
            String thin = "file=thin,serial=thin,shareable,target=0,lun=0,controller=";
            String controller = "scsi,virtqueue_size=1024,max-sectors=65536,index=";
            command.addAll(List.of("--controller", controller + 0, "--controller", controller + 1));
            command.addAll(List.of("--disk", thin + 0, "--disk", thin + 1));
            command.addAll(List.of("--disk", "file=removable,removable,target=1,lun=0"));
            command.addAll(List.of("--disk", "file=read_only,readonly,target=2,lun=0"));
            command.addAll(List.of("--disk", "file=physical_blocks,physical-block=4096,target=3,lun=0"));
            return command;
        }
    },
    QEMU {
        @Override
        List<String> command(Path vmm, Path kernel, Path initrd) {
            List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-M", "pc", "-accel", "kvm"));
            command.addAll(List.of("-cpu", "host", "-m", "512", "-nodefaults", "-display", "none"));
            command.addAll(List.of("-serial", "stdio", "-no-reboot"));
            command.addAll(List.of("-kernel", kernel.toString(), "-initrd", initrd.toString(), "-append", APPEND));
            String controller = "virtio-scsi-pci,virtqueue_size=1024,max_sectors=65536,id=hba";
            command.addAll(List.of("-device", controller + 0, "-device", controller + 1));
            String file = "driver=file,discard=unmap,locking=off,filename=";
            command.addAll(List.of("-blockdev", file + "thin,node-name=thin0"));
            command.addAll(List.of("-blockdev", file + "thin,node-name=thin1"));
            command.addAll(List.of("-blockdev", file + "removable,node-name=removable"));
            command.addAll(List.of("-blockdev", file + "read_only,node-name=read_only,read-only=on"));
            command.addAll(List.of("-blockdev", file + "physical_blocks,node-name=physical"));
            String thin = "scsi-hd,share-rw=on,serial=thin,device_id=thin,scsi-id=0,lun=0";
            command.addAll(List.of("-device", thin + ",bus=hba0.0,drive=thin0"));
            command.addAll(List.of("-device", thin + ",bus=hba1.0,drive=thin1"));
            command.addAll(List.of("-device", "scsi-hd,removable=on,scsi-id=1,lun=0,bus=hba0.0,drive=removable"));
            command.addAll(List.of("-device", "scsi-hd,scsi-id=2,lun=0,bus=hba0.0,drive=read_only"));
            String physical = "scsi-hd,physical_block_size=4096,scsi-id=3,lun=0,bus=hba0.0,drive=physical";
            command.addAll(List.of("-device", physical));
            return command;
        }
    };

    private static final String APPEND = "console=ttyS0 quiet panic=-1";

    /** The command line, to be run where the images are. */
    abstract List<String> command(Path vmm, Path kernel, Path initrd);

    /** What people call it. */
    String label() {
        return this == OURS ? "ours" : "QEMU";
    }
}
