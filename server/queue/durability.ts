/** What must be so for a job to outlive a Redis that is killed, by the names that INFO has for it. */
const wanted = [
  {
    field: "aof_enabled",
    value: "1",
    otherwise:
      "it has appendonly no, so jobs that it took are lost when it stops: " +
      "start it with --appendonly yes",
  },
  {
    field: "maxmemory_policy",
    value: "noeviction",
    otherwise:
      "it may evict jobs when its memory is full: start it with --maxmemory-policy noeviction",
  },
  {
    field: "role",
    value: "master",
    otherwise: "it is a read-only replica, which takes no jobs: use the address of its master",
  },
] as const;

/** Why a Redis is not fit to keep jobs, in sentences' ends; empty when it is. */
export function durabilityProblems(info: ReadonlyMap<string, string>): readonly string[] {
  return wanted
    .filter(({ field, value }) => (info.get(field) ?? value) !== value)
    .map(({ otherwise }) => otherwise);
}
