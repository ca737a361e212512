package vmm.firmware.smbios;

/** By which entry point a guest finds the structures. */
public enum EntryPoint {
    /** That of SMBIOS 2.1, with an address below 4 GiB; the structures are those of SMBIOS 2.8. */
    BITS_32,
    /** That of SMBIOS 3.0. */
    BITS_64
}
