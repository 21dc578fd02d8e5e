/**
 * Gives out the ports that services have on every node.
 *
 * Mirrors: pkg/registry/core/service/portallocator/allocator.go (v1.36)
 * Differs: what is taken follows from the services themselves instead of a bitmap in the store, so nothing can leak.
 */
import type { Random } from '@kts/base';
import type { Service } from '@kts/api/types/core-v1';

export const NODE_PORT_MIN = 30_000;
export const NODE_PORT_MAX = 32_767;

/** Where a dry run that has taken no port yet begins to count. */
const DRY_RUN_BEFORE_FIRST = 32_768;

export class NodePorts {
  readonly #taken: Set<number>;
  readonly #reserved: Set<number>;

  /** `reserved` are ports of writes under way; what is taken here is added to it. */
  constructor(services: Iterable<Service>, reserved: Set<number>) {
    this.#taken = takenBy(services);
    this.#reserved = reserved;
  }

  /** What is wrong with taking that port; undefined: it is taken now. */
  take(port: number): string | undefined {
    if (port < NODE_PORT_MIN || port > NODE_PORT_MAX) {
      return `provided port is not in the valid range. The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`;
    }
    if (this.#taken.has(port) || this.#reserved.has(port)) return ALLOCATED;
    this.#reserved.add(port);
    return undefined;
  }

  /** Undefined: there is none left. */
  takeAny(random: Random): number | undefined {
    const count = NODE_PORT_MAX - NODE_PORT_MIN + 1;
    const start = random.integer(count);
    for (let index = 0; index < count; index++) {
      const port = NODE_PORT_MIN + ((start + index) % count);
      if (this.take(port) === undefined) return port;
    }
    return undefined;
  }
}

/** For writes that are only tried out: nothing is reserved, and the range is not looked at, as upstream does not. */
export class DryRunNodePorts {
  readonly #taken: Set<number>;
  readonly #own: number[] = [];

  constructor(services: Iterable<Service>) {
    this.#taken = takenBy(services);
  }

  take(port: number): string | undefined {
    if (this.#taken.has(port) || this.#own.includes(port)) return ALLOCATED;
    this.#own.push(port);
    return undefined;
  }

  /** The next number, even if it is no port: 32 bits wide. */
  takeAny(): number {
    const last = this.#own.length > 0 ? Math.max(0, ...this.#own) : DRY_RUN_BEFORE_FIRST;
    const port = (last + 1) | 0;
    this.#own.push(port);
    return port;
  }
}

const ALLOCATED = 'provided port is already allocated';

function takenBy(services: Iterable<Service>): Set<number> {
  const taken = new Set<number>();
  for (const service of services) for (const port of portsOf(service)) taken.add(port);
  return taken;
}

/** All node ports of a service. */
function portsOf({ spec }: Service): number[] {
  const ports = (spec?.ports ?? []).map(({ nodePort }) => nodePort ?? 0);
  return [...ports, spec?.healthCheckNodePort ?? 0].filter((port) => port > 0);
}
