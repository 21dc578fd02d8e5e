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

export class NodePorts {
  readonly #taken: Set<number>;
  readonly #reserved: Set<number>;

  /** `reserved` are ports of writes under way; what is taken here is added to it. */
  constructor(services: Iterable<Service>, reserved: Set<number>) {
    this.#taken = new Set();
    this.#reserved = reserved;
    for (const service of services) for (const port of portsOf(service)) this.#taken.add(port);
  }

  /** What is wrong with taking that port; undefined: it is taken now. */
  take(port: number): string | undefined {
    if (port < NODE_PORT_MIN || port > NODE_PORT_MAX) {
      return `provided port is not in the valid range. The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`;
    }
    if (this.#taken.has(port) || this.#reserved.has(port)) return 'provided port is already allocated';
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

/** All node ports of a service. */
export function portsOf({ spec }: Service): number[] {
  const ports = (spec?.ports ?? []).map(({ nodePort }) => nodePort ?? 0);
  return [...ports, spec?.healthCheckNodePort ?? 0].filter((port) => port > 0);
}
