import type { Pod } from '@kts/api/types/core-v1';

/** A port of the node itself that a pod occupies. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const ANY_ADDRESS = '0.0.0.0';

/** Those of containers and of init containers that keep running. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({ ip: port.hostIP || ANY_ADDRESS, protocol: port.protocol ?? 'TCP', port: port.hostPort! })),
  );
}

/** Two pods cannot have the same port and protocol where one address is the other's or any. */
export function portsConflict(wanted: readonly HostPort[], used: readonly HostPort[]): boolean {
  return wanted.some((one) =>
    used.some(
      (other) =>
        one.port === other.port &&
        one.protocol === other.protocol &&
        (one.ip === other.ip || one.ip === ANY_ADDRESS || other.ip === ANY_ADDRESS),
    ),
  );
}
