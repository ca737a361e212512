/**
 * The nested lab: an emulated machine (L1) with SVM, whose Linux runs commands of the host's file tree, so that KVM
 * guests (L2) run under unmodified {@code kvm-amd} where the host has no KVM, or a slow one.
 *
 * <p>{@link vmm.lab.Lab} starts or joins the lab and runs commands in it; {@link vmm.lab.GuestHost} chooses between the
 * lab and the host itself; {@link vmm.lab.GuestImages} and {@link vmm.lab.Initramfs} make what a Linux guest boots
 * from.
 */
@NullMarked
package vmm.lab;

import org.jspecify.annotations.NullMarked;
