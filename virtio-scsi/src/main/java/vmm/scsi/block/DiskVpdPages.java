package vmm.scsi.block;

import java.util.List;
import java.util.stream.Stream;
import vmm.scsi.copy.ThirdPartyCopy;
import vmm.scsi.primary.IdentificationPages;
import vmm.scsi.primary.PrimaryVpdPages;
import vmm.scsi.primary.VpdPage;

/** The vital product data of a disk. */
final class DiskVpdPages {
    /** In ascending order. */
    static final List<VpdPage<DiskNexus>> ALL = Stream.concat(
                    Stream.of(
                            IdentificationPages.UNIT_SERIAL_NUMBER.<DiskNexus>as(),
                            IdentificationPages.DEVICE_IDENTIFICATION.<DiskNexus>as(),
                            PrimaryVpdPages.MANAGEMENT_NETWORK_ADDRESSES.<DiskNexus>as(),
                            PrimaryVpdPages.EXTENDED_INQUIRY_DATA.<DiskNexus>as(),
                            PrimaryVpdPages.MODE_PAGE_POLICY.<DiskNexus>as(),
                            PrimaryVpdPages.POWER_CONDITION.<DiskNexus>as(),
                            new VpdPage<DiskNexus>(0x8f, ThirdPartyCopy::vitalProductData)),
                    BlockVpdPages.ALL.stream())
            .toList();

    private DiskVpdPages() {}
}
