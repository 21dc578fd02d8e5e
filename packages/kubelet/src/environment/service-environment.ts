import type { Service, ServicePort } from '@kts/api/types/core-v1';

/**
 * The environment variables that tell a container about the Services of its namespace.
 *
 * Mirrors: pkg/kubelet/envvars/envvars.go, kubelet_pods.go getServiceEnvVarMap (v1.36)
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  serviceLinks: boolean,
): ReadonlyMap<string, string> {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { clusterIP } = service.spec;
    if (!clusterIP || clusterIP === 'None' || service.spec.type === 'ExternalName') continue;
    const { name } = service.metadata;
    if (service.metadata.namespace === 'default' && name === 'kubernetes') {
      if (!byName.has(name)) byName.set(name, service);
    } else if (service.metadata.namespace === namespace && serviceLinks) byName.set(name, service);
  }
  const variables = new Map<string, string>();
  for (const service of byName.values()) addService(variables, service);
  return variables;
}

function addService(variables: Map<string, string>, service: Service): void {
  const ports = service.spec.ports ?? [];
  const first = ports[0];
  if (!first) return;
  const prefix = variableName(service.metadata.name);
  const address = service.spec.clusterIP!;
  variables.set(`${prefix}_SERVICE_HOST`, address);
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) {
    if (port.name) variables.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  }
  ports.forEach((port, index) => addLink(variables, prefix, address, port, index === 0));
}

/** In the style of Docker's links. */
function addLink(
  variables: Map<string, string>,
  prefix: string,
  address: string,
  port: ServicePort,
  isFirst: boolean,
): void {
  const protocol = port.protocol ?? 'TCP';
  const url = `${protocol.toLowerCase()}://${address.includes(':') ? `[${address}]` : address}:${port.port}`;
  const portPrefix = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
  if (isFirst) variables.set(`${prefix}_PORT`, url);
  variables.set(portPrefix, url);
  variables.set(`${portPrefix}_PROTO`, protocol.toLowerCase());
  variables.set(`${portPrefix}_PORT`, String(port.port));
  variables.set(`${portPrefix}_ADDR`, address);
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
