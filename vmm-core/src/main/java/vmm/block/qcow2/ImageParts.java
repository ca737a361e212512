package vmm.block.qcow2;

import java.nio.ByteBuffer;

/** What is read of an image when it is opened. */
record ImageParts(
        Header header, ByteBuffer headerSector, MetadataClusters metadata, ClusterMap map, Refcounts refcounts) {}
