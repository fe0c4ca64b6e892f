/** A sample in Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Reads a server's metrics. @throws Error if they are not in Prometheus' text format */
export async function readMetrics(url: string): Promise<readonly MetricFamily[]> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) {
    throw new Error(`Expected /metrics to have the status 200, got ${response.status}`);
  }
  return parseMetrics(await response.text());
}

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/ */
function parseMetrics(page: string): readonly MetricFamily[] {
  const families: (MetricFamily & { samples: Sample[] })[] = [];
  let help = "";
  for (const line of page.split("\n").filter((one) => one !== "")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    const family = families.at(-1);
    if (keyword === "HELP") {
      help = rest;
    } else if (keyword === "TYPE") {
      families.push({ name, type: rest, help, samples: [] });
    } else if (family === undefined) {
      throw new Error(`Expected a sample to follow its type, got ${line}`);
    } else {
      family.samples.push(parseSample(line));
    }
  }
  return families;
}

function parseSample(line: string): Sample {
  const [, name, labels = "", value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined) {
    throw new Error(`Expected a sample, got ${line}`);
  }
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(pairs.map(([, label = "", text = ""]) => [label, text])),
    value: Number(value?.replace("Inf", "Infinity")),
  };
}

/** Value of the first sample with a name and labels; undefined if there is none. */
export function sampleValue(
  families: readonly MetricFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return families
    .flatMap(({ samples }) => samples)
    .find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )?.value;
}

/** Counts of completed calls by RPC and code, such as "GetUser ok". */
export async function endedCalls(url: string): Promise<Record<string, number>> {
  const handled = (await readMetrics(url)).find(({ name }) => name === "rpc_server_handled_total");
  return Object.fromEntries(
    (handled?.samples ?? [])
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [`${labels.method} ${labels.code}`, value]),
  );
}
