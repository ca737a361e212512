package vmm.machine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import vmm.block.ThrottleLimits;
import vmm.machine.MachineRequest.Disk;

/** Finds the limits that the disks of a group share, from those that each of them asks for. */
final class ThrottleGroups {
    private record Found(String disk, ThrottleLimits limits) {}

    private ThrottleGroups() {}

    /**
     * The limits of each disk, in order.
     *
     * @throws ConfigurationException if the disks of a group contradict each other, or none says anything
     */
    static List<DiskLimits> plan(List<String> ids, List<Disk> disks) {
        Map<String, Found> groups = new HashMap<>();
        for (int i = 0; i < ids.size(); i++) {
            String id = ids.get(i);
            DiskLimits wanted = disks.get(i).policy().limits();
            wanted.group().ifPresent(group -> join(groups, group, id, wanted.limits()));
        }
        List<DiskLimits> planned = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            DiskLimits wanted = disks.get(i).policy().limits();
            Optional<String> group = wanted.group();
            planned.add(group.isEmpty() ? wanted : new DiskLimits(group, limits(groups, group.get(), ids.get(i))));
        }
        return planned;
    }

    /**
     * The limits of a disk that is plugged into a machine.
     *
     * @throws ConfigurationException if they contradict those of its group, or nobody says what those are
     */
    static DiskLimits join(MachineConfig machine, String id, DiskLimits wanted) {
        Optional<String> group = wanted.group();
        if (group.isEmpty()) {
            return wanted;
        }
        Map<String, Found> groups = new HashMap<>();
        for (DiskConfig disk : machine.disks()) {
            DiskLimits limits = disk.policy().limits();
            if (limits.group().equals(group)) {
                join(groups, group.get(), disk.id(), limits.limits());
            }
        }
        join(groups, group.get(), id, wanted.limits());
        return new DiskLimits(group, limits(groups, group.get(), id));
    }

    private static void join(Map<String, Found> groups, String group, String disk, ThrottleLimits limits) {
        if (limits.isNone()) {
            return;
        }
        Found other = groups.putIfAbsent(group, new Found(disk, limits));
        if (other != null && !other.limits.equals(limits)) {
            throw new ConfigurationException("Disks " + other.disk + " and " + disk + " share the limits of group-name="
                    + group + ", but want different ones; give them to one of the two only.");
        }
    }

    private static ThrottleLimits limits(Map<String, Found> groups, String group, String disk) {
        Found found = groups.get(group);
        if (found == null) {
            throw new ConfigurationException("Disk " + disk + " is in group-name=" + group
                    + ", which has no limits; add one to it, as total-iops-sec=1000, or leave the group out.");
        }
        return found.limits;
    }
}
