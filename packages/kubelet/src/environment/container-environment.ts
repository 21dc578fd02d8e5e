import type { ConfigMap, EnvFromSource, EnvVar, Pod, Secret } from '@kts/api/types/core-v1';
import type { AnyContainer } from '../pod/containers.ts';
import type { ResourceList } from '../pod/resource-list.ts';
import { expandReferences } from './expansion.ts';
import { fieldValue } from './field-reference.ts';
import { resourceFieldValue } from './resource-reference.ts';

/** Config maps and secrets of the pod's namespace; `undefined`: there is none. */
export interface NamespaceObjects {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
}

export interface EnvironmentContext {
  readonly pod: Pod;
  readonly container: AnyContainer;
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  readonly allocatable: ResourceList;
  readonly serviceVariables: ReadonlyMap<string, string>;
  readonly objects: NamespaceObjects;
  /** Reads a variable from a file in a volume; `undefined`: not in the file. */
  readonly fileVariable: (volume: string, path: string, key: string) => Promise<string | undefined>;
}

/** The container cannot be made as its spec says; the message goes into its status and an event. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}

/**
 * The container's environment: what its spec names, in order, then the Services' variables.
 *
 * Mirrors: pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables (v1.36)
 * Differs: the order is fixed, where upstream's follows Go's random map order.
 */
export async function containerEnvironment(context: EnvironmentContext): Promise<ReadonlyMap<string, string>> {
  const variables = new Map<string, string>();
  for (const source of context.container.envFrom ?? []) await addSource(variables, source, context);
  const lookUp = (name: string): string | undefined => variables.get(name) ?? context.serviceVariables.get(name);
  for (const variable of context.container.env ?? []) {
    const value = variable.value ? expandReferences(variable.value, lookUp) : await valueFrom(variable, context);
    if (value !== undefined) variables.set(variable.name, value);
  }
  for (const [name, value] of context.serviceVariables) if (!variables.has(name)) variables.set(name, value);
  return variables;
}

async function addSource(
  variables: Map<string, string>,
  source: EnvFromSource,
  context: EnvironmentContext,
): Promise<void> {
  const { configMapRef, secretRef, prefix = '' } = source;
  if (configMapRef) {
    const map = await requireConfigMap(configMapRef.name ?? '', configMapRef.optional ?? false, context);
    for (const [key, value] of Object.entries(map?.data ?? {})) variables.set(prefix + key, value);
  } else if (secretRef) {
    const secret = await requireSecret(secretRef.name ?? '', secretRef.optional ?? false, context);
    for (const [key, value] of Object.entries(secret?.data ?? {})) variables.set(prefix + key, decodeText(value));
  }
}

/** `undefined`: an optional source is missing, so the variable is left out. */
async function valueFrom(variable: EnvVar, context: EnvironmentContext): Promise<string | undefined> {
  const source = variable.valueFrom;
  const namespace = context.pod.metadata.namespace;
  if (source?.fieldRef) return fieldValue(source.fieldRef.fieldPath, context);
  if (source?.resourceFieldRef) {
    return resourceFieldValue(source.resourceFieldRef, context.pod, context.container, context.allocatable);
  }
  if (source?.configMapKeyRef) {
    const { name = '', key, optional = false } = source.configMapKeyRef;
    const map = await requireConfigMap(name, optional, context);
    const value = map?.data?.[key];
    if (value !== undefined || optional) return value;
    throw new ContainerConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
  }
  if (source?.secretKeyRef) {
    const { name = '', key, optional = false } = source.secretKeyRef;
    const secret = await requireSecret(name, optional, context);
    const value = secret?.data?.[key];
    if (value !== undefined) return decodeText(value);
    if (optional) return undefined;
    throw new ContainerConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
  }
  if (source?.fileKeyRef) {
    const { volumeName, path, key, optional = false } = source.fileKeyRef;
    const value = await context.fileVariable(volumeName, path, key);
    if (value !== undefined && value !== '') return value;
    if (optional) return undefined;
    throw new ContainerConfigError(`environment variable key "${key}" not found in file "${path}"`);
  }
  return '';
}

async function requireConfigMap(
  name: string,
  optional: boolean,
  context: EnvironmentContext,
): Promise<ConfigMap | undefined> {
  const map = await context.objects.configMap(name);
  if (!map && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
  return map;
}

async function requireSecret(
  name: string,
  optional: boolean,
  context: EnvironmentContext,
): Promise<Secret | undefined> {
  const secret = await context.objects.secret(name);
  if (!secret && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
  return secret;
}

function decodeText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(base64));
}
