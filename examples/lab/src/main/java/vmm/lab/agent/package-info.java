/**
 * What the lab's two sides share, and the side inside L1. These classes use nothing but the JDK: the lab copies them
 * into L1's initramfs, where {@link vmm.lab.agent.Agent} runs on the JDK of the host's tree.
 */
@NullMarked
package vmm.lab.agent;

import org.jspecify.annotations.NullMarked;
