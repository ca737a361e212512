package vmm.launcher;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may know whom, over the classes of all modules. Arrows point down only. */
class ArchitectureTest {
    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPaths(List.of(
                            "vmm-core",
                            "devices-pci",
                            "virtio-blk",
                            "virtio-scsi",
                            "firmware",
                            "examples/lab",
                            "examples/guests",
                            "examples/launcher")
                    .stream()
                    .map(module -> Path.of("..", "..", module, "target", "classes"))
                    .toList());

    private static final String[] CORE = {
        "vmm.linux..",
        "vmm.kvm..",
        "vmm.memory..",
        "vmm.bus..",
        "vmm.irq..",
        "vmm.event..",
        "vmm.block..",
        "vmm.platform.."
    };
    private static final String[] ABOVE_CORE = {
        "vmm.pci..",
        "vmm.virtio..",
        "vmm.scsi..",
        "vmm.firmware..",
        "vmm.control..",
        "vmm.machine..",
        "vmm.domain..",
        "vmm.monitor..",
        "vmm.launcher..",
        "vmm.lab..",
        "vmm.guests.."
    };
    private static final String[] PROGRAM = {
        "vmm.control..", "vmm.machine..", "vmm.domain..", "vmm.monitor..", "vmm.launcher..", "vmm.lab..", "vmm.guests.."
    };

    @Test
    void onlyTheLinuxPackageCallsNativeCode() {
        noClasses()
                .that()
                .resideOutsideOfPackage("vmm.linux..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(ALL);
    }

    @Test
    void nobodyUsesInternalsOfTheJdk() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun.misc..", "jdk.internal..")
                .check(ALL);
    }

    @Test
    void theCoreKnowsNothingAboveIt() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ABOVE_CORE)
                .check(ALL);
    }

    @Test
    void linuxKnowsNobody() {
        classes()
                .that()
                .resideInAPackage("vmm.linux..")
                .should()
                .onlyDependOnClassesThat()
                .resideOutsideOfPackages(
                        "vmm.kvm..",
                        "vmm.memory..",
                        "vmm.bus..",
                        "vmm.irq..",
                        "vmm.event..",
                        "vmm.block..",
                        "vmm.platform..")
                .check(ALL);
    }

    @Test
    void devicesDoNotSeeTheirTransport() {
        noClasses()
                .that()
                .resideInAnyPackage("vmm.virtio", "vmm.virtio.blk..", "vmm.virtio.scsi..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.virtio.pci..", "vmm.pci..")
                .check(ALL);
    }

    @Test
    void pciKnowsNothingOfVirtio() {
        noClasses()
                .that()
                .resideInAPackage("vmm.pci..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("vmm.virtio..")
                .check(ALL);
    }

    @Test
    void theScsiTargetKnowsNeitherVirtioNorPci() {
        noClasses()
                .that()
                .resideInAPackage("vmm.scsi..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.virtio..", "vmm.pci..")
                .check(ALL);
    }

    @Test
    void theScsiModelKnowsNoCommandAndSharedCommandsKnowNoDeviceType() {
        noClasses()
                .that()
                .resideInAPackage("vmm.scsi")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("vmm.scsi.*..")
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage("vmm.scsi.reservation..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.scsi.primary..", "vmm.scsi.block..", "vmm.scsi.multimedia..")
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage("vmm.scsi.primary..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.scsi.block..", "vmm.scsi.multimedia..")
                .check(ALL);
    }

    @Test
    void disksAndDrivesDoNotKnowEachOther() {
        SlicesRuleDefinition.slices()
                .matching("vmm.scsi.(block|multimedia)")
                .should()
                .notDependOnEachOther()
                .check(ALL);
    }

    @Test
    void backendsKnowNoDevice() {
        noClasses()
                .that()
                .resideInAPackage("vmm.block..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.scsi..", "vmm.virtio..", "vmm.pci..", "vmm.kvm..")
                .check(ALL);
    }

    @Test
    void blockAndScsiDevicesDoNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage("vmm.virtio.blk..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.virtio.scsi..", "vmm.scsi..")
                .check(ALL);
        noClasses()
                .that()
                .resideInAnyPackage("vmm.virtio.scsi..", "vmm.scsi..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("vmm.virtio.blk..")
                .check(ALL);
    }

    @Test
    void nothingBelowKnowsTheProgram() {
        noClasses()
                .that()
                .resideOutsideOfPackages(PROGRAM)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(PROGRAM)
                .check(ALL);
    }

    @Test
    void machinesDoNotKnowTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage("vmm.machine..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.domain..", "vmm.monitor..", "vmm.launcher..", "picocli..")
                .check(ALL);
    }

    @Test
    void theMonitorDoesNotKnowTheCommandLine() {
        noClasses()
                .that()
                .resideInAPackage("vmm.monitor..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.launcher..", "picocli..")
                .check(ALL);
    }

    @Test
    void descriptionsOfMachinesKnowNoCommandLineAndNobodyElseReadsXml() {
        noClasses()
                .that()
                .resideInAPackage("vmm.domain..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("vmm.monitor..", "vmm.launcher..", "vmm.kvm..", "picocli..")
                .check(ALL);
        noClasses()
                .that()
                .resideOutsideOfPackage("vmm.domain..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.xml..", "org.xml..", "org.w3c..")
                .check(ALL);
    }

    @Test
    void theControlSocketKnowsNoMachine() {
        noClasses()
                .that()
                .resideInAPackage("vmm.control..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "vmm.machine..", "vmm.domain..", "vmm.monitor..", "vmm.launcher..", "vmm.kvm..", "picocli..")
                .check(ALL);
    }

    @Test
    void packagesOfTheCoreFormNoCircle() {
        SlicesRuleDefinition.slices()
                .matching("vmm.(*)..")
                .should()
                .beFreeOfCycles()
                .check(ALL.that(resideInAnyPackage(CORE)));
    }
}
