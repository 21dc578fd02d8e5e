/**
 * What a kubelet's `/metrics/resource` says of a node and its containers at one moment. Pure.
 *
 * Mirrors: metrics-server pkg/scraper/client/resource/decode.go (v0.8)
 */

/** Times in milliseconds since the epoch. */
export interface UsagePoint {
  readonly atMs: number;
  /** Of a container; 0 of a node. */
  readonly startMs: number;
  /** Since the start. */
  readonly cpuNanoSeconds: number;
  /** The working set. */
  readonly memoryBytes: number;
}

/** By name of the container. */
export type ContainerPoints = ReadonlyMap<string, UsagePoint>;

export interface NodeSample {
  /** Absent: the kubelet does not know. */
  readonly node?: UsagePoint;
  /** By `namespace/name`; only pods of which every container has all that is needed. */
  readonly pods: ReadonlyMap<string, ContainerPoints>;
}

const SERIES =
  /^(node|container)_(cpu_usage_seconds_total|memory_working_set_bytes|start_time_seconds)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/gm;
const LABEL = /(container|namespace|pod)="([^"]*)"/g;
const NANOS_PER_SECOND = 1e9;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type PartialPoint = Mutable<UsagePoint>;

/** `nowMs` is the time of series that have none of their own. */
export function parseNodeSample(text: string, nowMs: number): NodeSample {
  const node = emptyPoint();
  const pods = new Map<string, Map<string, PartialPoint>>();
  for (const [, subject, metric, labels = '', value, time] of text.matchAll(SERIES)) {
    const point = subject === 'node' ? node : containerPoint(pods, labels);
    const number = Number(value);
    if (metric === 'start_time_seconds') {
      point.startMs = number * 1000;
      continue;
    }
    point.atMs = time === undefined ? nowMs : Number(time);
    if (metric === 'memory_working_set_bytes') point.memoryBytes = number;
    else point.cpuNanoSeconds = Math.floor(number * NANOS_PER_SECOND);
  }
  const complete = [...pods].filter(([, containers]) => containers.values().every(isComplete));
  return { ...(isComplete(node) ? { node } : {}), pods: new Map(complete) };
}

function emptyPoint(): PartialPoint {
  return { atMs: 0, startMs: 0, cpuNanoSeconds: 0, memoryBytes: 0 };
}

function containerPoint(pods: Map<string, Map<string, PartialPoint>>, text: string): PartialPoint {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(LABEL)) labels[name!] = value!;
  const { namespace = '', pod = '', container = '' } = labels;
  const containers = pods.getOrInsertComputed(`${namespace}/${pod}`, () => new Map<string, PartialPoint>());
  return containers.getOrInsertComputed(container, emptyPoint);
}

/** Zero is what is not known: nothing that runs has used no time and no memory. */
function isComplete({ cpuNanoSeconds, memoryBytes }: UsagePoint): boolean {
  return cpuNanoSeconds > 0 && memoryBytes > 0;
}
