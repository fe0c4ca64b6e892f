import { expect, test } from "vitest";
import { cpuFolders } from "./cgroup.ts";

const version2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
const version1 =
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n" +
  "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

test.each([
  [
    "of version 2, with its ancestors",
    "0::/kubepods/pod1\n",
    version2,
    ["/sys/fs/cgroup/kubepods/pod1", "/sys/fs/cgroup/kubepods", "/sys/fs/cgroup"],
  ],
  ["in a container that sees only its own cgroup", "0::/\n", version2, ["/sys/fs/cgroup"]],
  [
    "of version 1, and not of other controllers",
    "5:cpuset:/other\n2:cpu,cpuacct:/docker/1\n",
    version1,
    [
      "/sys/fs/cgroup/cpu,cpuacct/docker/1",
      "/sys/fs/cgroup/cpu,cpuacct/docker",
      "/sys/fs/cgroup/cpu,cpuacct",
    ],
  ],
  [
    "mounted at the container's own cgroup",
    "2:cpu:/docker/1\n",
    "32 31 0:29 /docker/1 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
    ["/sys/fs/cgroup/cpu"],
  ],
  [
    "that the container cannot see",
    "0::/../other\n",
    "31 23 0:28 /own /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    ["/sys/fs/cgroup"],
  ],
  ["where the system has none", "", "", []],
])("finds the cgroups that can limit CPU: %s", (_, cgroup, mountinfo, wanted) => {
  expect(cpuFolders(cgroup, mountinfo)).toEqual(wanted);
});
