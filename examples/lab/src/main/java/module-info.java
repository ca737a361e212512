/** The nested lab: commands of the host's file tree on a kernel with real nested KVM. */
module vmm.lab {
    requires org.apache.commons.compress;
    requires org.slf4j;
    requires static transitive org.jspecify;
    requires transitive vmm.core;

    exports vmm.lab;
}
