package vmm.firmware.smbios;

import java.util.UUID;

/**
 * Who the machine is to its guest: System Information (SMBIOS 2.8 7.2). Texts are printable ASCII, and empty where
 * there is nothing to say.
 *
 * @param manufacturer who made it
 * @param product what it is called
 * @param version of the product
 * @param serial of this machine
 * @param uuid of this machine; all zeros if it has none
 * @param sku which of the product's configurations it is
 * @param family which products belong together
 */
public record SystemIdentity(
        String manufacturer, String product, String version, String serial, UUID uuid, String sku, String family) {
    /** A machine about which nobody says anything. */
    public static final SystemIdentity DEFAULT = new SystemIdentity("VMM", "i440FX", "", "", new UUID(0, 0), "", "");
}
