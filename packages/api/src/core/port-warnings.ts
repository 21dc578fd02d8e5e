/**
 * Ports of one pod that say the same twice, or contradict each other.
 *
 * Mirrors: the part of pkg/api/pod/warnings.go (v1.36) about container ports
 */
import type { FieldPath } from '@kts/apimachinery';
import type { ContainerPort, PodSpec } from '../gen/core-v1.gen.ts';
import { containersOf } from './pod-containers-of.ts';

interface PlacedPort {
  readonly port: ContainerPort;
  readonly path: FieldPath;
}

export function portWarnings(spec: PodSpec, path: FieldPath): string[] {
  const ports = containersOf(spec, path).flatMap(({ container, path: at }) =>
    (container.ports ?? []).map((port, index) => ({ port, path: at.child('ports').index(index) })),
  );
  return [...definitionWarnings(ports), ...nameWarnings(ports)];
}

function definitionWarnings(ports: readonly PlacedPort[]): string[] {
  const byNumber = new Map<string, PlacedPort[]>();
  const warnings: string[] = [];
  for (const placed of ports) {
    const { path, port } = placed;
    if (port.hostIP && !port.hostPort)
      warnings.push(`${path.toString()}: hostIP set without hostPort: ${structText(port)}`);
    const key = `${port.containerPort}/${port.protocol ?? ''}`;
    const others = byNumber.get(key) ?? [];
    for (const other of others) {
      const relation = relationOf(port, other.port);
      if (relation) warnings.push(`${path.toString()}: ${relation} port definition with ${other.path.toString()}`);
    }
    byNumber.set(key, [...others, placed]);
  }
  return warnings;
}

function relationOf(port: ContainerPort, other: ContainerPort): string | undefined {
  const [hostIp, otherIp] = [port.hostIP ?? '', other.hostIP ?? ''];
  const [hostPort, otherPort] = [port.hostPort ?? 0, other.hostPort ?? 0];
  if (hostIp === otherIp && hostPort === otherPort) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIp === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function nameWarnings(ports: readonly PlacedPort[]): string[] {
  const firstByName = new Map<string, FieldPath>();
  return ports.flatMap(({ path, port: { name } }) => {
    if (!name) return [];
    const first = firstByName.get(name);
    if (!first) {
      firstByName.set(name, path);
      return [];
    }
    const consequence = `services and probes that select ports by name will use ${first.toString()}`;
    return [`${path.toString()}: duplicate port name ${JSON.stringify(name)} with ${first.toString()}, ${consequence}`];
  });
}

/** As Go prints the struct. */
function structText({ name = '', hostPort = 0, containerPort, protocol, hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol ?? ''} HostIP:${hostIP}}`;
}
