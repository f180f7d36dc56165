export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** The samples of a page in Prometheus' text format. */
export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) continue;
    const labels: Record<string, string> = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g))
      labels[name!] = value!;
    samples.push({ name: match[1]!, labels, value: Number(match[3]) });
  }
  return samples;
}

export interface TemporalCalls {
  /** By operation; each call is one round trip. */
  short: Map<string, number>;
  /** Long polls, which wait at the server until there is work. */
  long: Map<string, number>;
}

/** The calls that a process has made to Temporal so far, from the metrics of its SDK. */
export async function readTemporalCalls(metricsAddress: string): Promise<TemporalCalls> {
  const response = await fetch(`http://${metricsAddress}/metrics`);
  const samples = parseMetrics(await response.text());
  const byOperation = (metric: string) => {
    const calls = new Map<string, number>();
    for (const { name, labels, value } of samples) {
      const { operation } = labels;
      if (name === metric && operation) calls.set(operation, (calls.get(operation) ?? 0) + value);
    }
    return calls;
  };
  return { short: byOperation('temporal_request'), long: byOperation('temporal_long_request') };
}

/** The increase since an earlier count. */
export function since(before: Map<string, number>, now: Map<string, number>): Map<string, number> {
  const added = [...now].map(([key, value]): [string, number] => [key, value - (before.get(key) ?? 0)]);
  return new Map(added.filter(([, value]) => value > 0));
}
