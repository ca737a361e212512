package vmm.iscsi.conformance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A virtual machine whose guest runs the suite: one thin disk behind two controllers, a removable and a read-only one.
 */
enum Machine {
    OURS {
        @Override
        List<String> command(Path vmm, Path kernel, Path initrd) {
            List<String> command = new ArrayList<>(List.of(vmm.toString(), "run", "--no-reboot", "--memory", "512M"));
            command.addAll(List.of("--kernel", kernel.toString(), "--initrd", initrd.toString(), "--append", APPEND));
            String thin = "file=thin,serial=thin,physical-block=4096,shareable,target=0,lun=0,controller=";
            command.addAll(List.of("--controller", "scsi,index=0", "--controller", "scsi,index=1"));
            command.addAll(List.of("--disk", thin + 0, "--disk", thin + 1));
            command.addAll(List.of("--disk", "file=removable,removable,target=1,lun=0"));
            command.addAll(List.of("--disk", "file=read_only,readonly,target=2,lun=0"));
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
            command.addAll(List.of("-device", "virtio-scsi-pci,id=hba0", "-device", "virtio-scsi-pci,id=hba1"));
            String file = "driver=file,discard=unmap,locking=off,filename=";
            command.addAll(List.of("-blockdev", file + "thin,node-name=thin0"));
            command.addAll(List.of("-blockdev", file + "thin,node-name=thin1"));
            command.addAll(List.of("-blockdev", file + "removable,node-name=removable"));
            command.addAll(List.of("-blockdev", file + "read_only,node-name=read_only,read-only=on"));
            String thin = "scsi-hd,share-rw=on,serial=thin,device_id=thin,physical_block_size=4096,scsi-id=0,lun=0";
            command.addAll(List.of("-device", thin + ",bus=hba0.0,drive=thin0"));
            command.addAll(List.of("-device", thin + ",bus=hba1.0,drive=thin1"));
            command.addAll(List.of("-device", "scsi-hd,removable=on,scsi-id=1,lun=0,bus=hba0.0,drive=removable"));
            command.addAll(List.of("-device", "scsi-hd,scsi-id=2,lun=0,bus=hba0.0,drive=read_only"));
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
